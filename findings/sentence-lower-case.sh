#!/usr/bin/env bash
# sentence-transformers 6.2.0: a model made with do_lower_case=True gives other vectors once saved and loaded again.
#
# The module Transformer takes do_lower_case ("lowercases the input, independent of whether the model is cased or not") and
# puts a Lowercase before the tokenizer's own normalizer. save_pretrained writes that into tokenizer.json and no longer
# into sentence_bert_config.json; transformers 5.23.0 then builds BERT's normalizer anew from tokenizer_config.json
# (do_lower_case false) and drops what tokenizer.json says. No warning; words in capitals become unknown.
# Input: a cased BERT of one layer (random weights, the vocabulary below), mean pooling, one text.
#
# Seen on 2026-11-30 (Python 3.11, CPU, versions as pinned below):
#   before saving   ['[CLS]', 'river', 'stone', '[SEP]']
#   after loading   ['[CLS]', 'River', '[UNK]', '[SEP]']    largest difference of the vectors .84
#   tokenizer.json  Sequence [Lowercase, BertNormalizer]
#
# Ends with 0 where this is still so, else with another number.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/python" -m pip install --quiet --disable-pip-version-check \
    torch==2.13.0 transformers==5.23.0 tokenizers==0.23.3 sentence-transformers==6.2.0
HF_HUB_OFFLINE=1 "$place/venv/bin/python" - "$place" <<'PYTHON'
import json
import sys
from pathlib import Path

import torch
from sentence_transformers import SentenceTransformer
from sentence_transformers.base.modules import Transformer
from sentence_transformers.sentence_transformer.modules import Pooling
from transformers import BertConfig, BertModel

cased, saved = Path(sys.argv[1]) / "cased", Path(sys.argv[1]) / "saved"
words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "river", "stone", "River", "Stone"]
torch.manual_seed(0)
sizes = {"hidden_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 32}
BertModel(BertConfig(vocab_size=len(words), **sizes)).save_pretrained(cased)
(cased / "vocab.txt").write_text("\n".join(words))
(cased / "tokenizer_config.json").write_text(json.dumps({"tokenizer_class": "BertTokenizer", "do_lower_case": False}))

made = SentenceTransformer(modules=[Transformer(str(cased), do_lower_case=True), Pooling(32, "mean")], device="cpu")
made.save_pretrained(str(saved))
again = SentenceTransformer(str(saved), device="cpu")
text, tokens = "River STONE", []
for name, model in (("before saving", made), ("after loading", again)):
    tokens.append(model.tokenizer.convert_ids_to_tokens(model.tokenizer(text)["input_ids"]))
    print(name, tokens[-1])
gap = float(abs(made.encode([text]) - again.encode([text])).max())
inside = [part["type"] for part in json.loads((saved / "tokenizer.json").read_text())["normalizer"]["normalizers"]]
print(f"largest difference of the vectors {gap:.2f}; tokenizer.json", inside)
seen = [["[CLS]", "river", "stone", "[SEP]"], ["[CLS]", "River", "[UNK]", "[SEP]"]]
sys.exit(0 if tokens == seen and gap > 0.1 and inside == ["Lowercase", "BertNormalizer"] else 1)
PYTHON
