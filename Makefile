# make demo    set up if need be, then the whole job on photographs and on handwriting, with a verdict on each
# make test    set up if need be, then every test
# make check   style, types, the direction of imports
# make docs    the API pages from the docstrings, into build/docs
# make bench   every benchmark; see benchmarks/*/EXPECTED.md
.PHONY: demo test check docs bench
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready
PAGES := $(filter-out headstart.cli,$(patsubst src/headstart/%/__init__.py,headstart.%,$(wildcard src/headstart/*/__init__.py)))
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
	$(BIN)/pdoc --docformat google --output-directory build/docs $(PAGES) headstart.types headstart.errors

bench: $(READY)
	$(BIN)/python benchmarks/verdict/run.py
	$(BIN)/python benchmarks/frozen/run.py

$(READY): pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install -q -c constraints.txt -e '.[openvino,dev]'
	touch $(READY)
