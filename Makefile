# make demo    set up if need be, then the whole job on photographs and on handwriting, with a verdict on each
# make test    set up if need be, then every test
# make check   style, types, the direction of imports
# make docs    the documentation site, into build/site
# make wheel   the package, into build/wheel
# make bench   every benchmark; see benchmarks/*/EXPECTED.md
.PHONY: demo test check docs wheel bench
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready
export OMP_WAIT_POLICY := PASSIVE
export PIP_DISABLE_PIP_VERSION_CHECK := 1

demo: $(READY)
	$(BIN)/headstart demo

test: $(READY)
	$(BIN)/python -m pytest -q -n logical --maxprocesses 4 --dist loadfile --no-loadscope-reorder

check: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

docs: $(READY)
	$(BIN)/python docs/site.py build/pages
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --quiet --strict --config-file docs/mkdocs.yml

wheel: $(READY)
	rm -rf build/lib build/bdist.* build/wheel
	$(BIN)/python -m pip wheel -q --no-deps -w build/wheel .

bench: $(READY)
	$(BIN)/python benchmarks/verdict/run.py
	$(BIN)/python benchmarks/frozen/run.py

$(READY): pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install -q -c constraints.txt -e '.[openvino,dev]'
	touch $(READY)
