"""Frozen features of short texts: headstart's way against the common one, one thread, in one run.

headstart: the embedding of a fit, cache and all: sorted by length, batches by tokens, bf16 where the processor has it.
common: transformers' model in fp32, batches of 32, every text padded or cut to 128 tokens, mean over its tokens. Both
read the texts and tokenise within the time; neither loads its model there. Texts: distinct, at most 128 tokens, of all
sets together, drawn with seed 0. The common way is slow: it is measured on 2,000 of them, with --all on each.

Run: python benchmarks/text/speed.py WORK [--n 10000] [--all]          (WORK/minilm is made by cases.py)
Out: a Markdown table: CPU seconds, per 1,000 texts; the ratio, least and mean cosine, and whether both aims are met.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from _common.cells import environment
from _common.data import folder as data_folder
from _common.process import cpu
from _common.tables import lines

SOURCE = "minilm-l6"
FILES = (
    *("trec_questions/train.jsonl", "trec_questions/test.jsonl", "ag_news/data.jsonl", "sms_spam/data.jsonl"),
    *("clinc_intents/train.jsonl", "clinc_intents/val.jsonl", "clinc_intents/test.jsonl"),
    *("sentiment_tweets_nyt/tweets.jsonl", "sentiment_tweets_nyt/nyt.jsonl"),
)
LENGTH, BATCH = 128, 32
SOME = 2000
FASTER, ALIKE = 8, 0.999  # the aims


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("work", type=Path)
    parser.add_argument("--n", type=int, default=10_000)
    parser.add_argument("--all", action="store_true", help="the common way on every text too")
    given = parser.parse_args()
    if os.environ.get("OMP_NUM_THREADS") != "1":  # must stand before Python begins
        os.execve(sys.executable, [sys.executable, *sys.argv], environment(1))
    found = texts()
    length = dict(zip(found, token_counts(given.work / "minilm", found), strict=True))
    short = [text for text in found if length[text] <= LENGTH]
    chosen = [short[i] for i in np.random.default_rng(0).permutation(len(short))[: given.n]]
    slowly = chosen if given.all else chosen[:SOME]
    print(f"{len(found)} distinct texts, {len(short)} of at most {LENGTH} tokens, of these {len(chosen)} by chance, "
          f"{np.mean([length[t] for t in chosen]):.1f} tokens each; the common way: {len(slowly)} of them, "
          f"{np.mean([length[t] for t in slowly]):.1f} tokens each.")  # fmt: skip
    headstart_way(chosen[:8]), padded_way(given.work / "minilm", chosen[:BATCH])  # loads both
    fast, ours = timed(lambda: headstart_way(chosen))
    slow, theirs = timed(lambda: padded_way(given.work / "minilm", slowly))
    from headstart.extract.engine.torch import text_precision

    alike = cosines(ours[: len(slowly)], theirs)
    each = [1000 * fast / len(chosen), 1000 * slow / len(slowly)]
    rows = [
        [f"headstart, {text_precision()}", str(len(chosen)), f"{fast:.1f}", f"{each[0]:.2f}"],
        [f"padded to {LENGTH}, fp32, batches of {BATCH}", str(len(slowly)), f"{slow:.1f}", f"{each[1]:.2f}"],
    ]
    lines("Embedding short texts, MiniLM-L6, one thread", ("way", "texts", "CPU s", "CPU s per 1,000 texts"), rows)
    ratio = each[1] / each[0]
    print(
        f"\n- {'PASS' if ratio >= FASTER else 'BELOW'}: {ratio:.1f} times less CPU a text; at least {FASTER} is the aim"
    )
    print(f"- {'PASS' if alike.min() >= ALIKE else 'BELOW'}: cosine of the two {alike.min():.5f} at least, "
          f"{alike.mean():.5f} on average; at least {ALIKE} is the aim")  # fmt: skip
    return 0


def texts() -> list[str]:
    """All distinct texts of `FILES`, in order."""
    found: dict[str, None] = {}
    for file in FILES:
        with (data_folder() / file).open() as f:
            found |= dict.fromkeys(json.loads(line)["text"].strip() for line in f)
    return [text for text in found if text]


def timed(work: Callable[[], np.ndarray]) -> tuple[float, np.ndarray]:
    start = cpu()
    result = work()
    return cpu() - start, result


def headstart_way(some: Sequence[str]) -> np.ndarray:
    """[n, d] as a fit computes them, into a cache of its own."""
    from headstart.extract.feature_store import FeatureStore
    from headstart.read.text import digest
    from headstart.source import _catalogue
    from headstart.types import Example, View

    examples = [Example(str(at), digest(text), text) for at, text in enumerate(some)]
    with tempfile.TemporaryDirectory(prefix="headstart-") as folder:
        store = FeatureStore({SOURCE: _catalogue.get(SOURCE)}, folder=Path(folder))
        store._extractors = _extractors()
        return np.array(store.extract(examples, [View(SOURCE)])[0].x)


@cache
def _extractors() -> dict[Any, Any]:
    """The loaded model, kept from one call to the next."""
    return {}


def padded_way(place: Path, some: Sequence[str], length: int = LENGTH) -> np.ndarray:
    """[n, d] as the model's own page shows it."""
    import torch

    words, net = _loaded(place)
    parts = []
    with torch.no_grad():
        for at in range(0, len(some), BATCH):
            pieces = list(some[at : at + BATCH])
            x = words(pieces, padding="max_length", truncation=True, max_length=length, return_tensors="pt")
            mask = x["attention_mask"].unsqueeze(-1).float()
            parts.append((net(**x).last_hidden_state * mask).sum(1) / mask.sum(1))
    return torch.cat(parts).numpy()


def token_counts(place: Path, some: Sequence[str]) -> list[int]:
    """Tokens of each text, special ones included, none cut."""
    return [len(ids) for ids in _loaded(place)[0](list(some))["input_ids"]]


@cache
def _loaded(place: Path) -> tuple[Any, Any]:
    from headstart.source._transformers import library

    transformers = library()
    transformers.logging.set_verbosity_error()  # it warns of texts that are longer than the model takes
    words = transformers.AutoTokenizer.from_pretrained(place)
    return words, transformers.AutoModel.from_pretrained(place).eval()


def cosines(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """[n] of the rows of two arrays."""
    return (a * b).sum(1) / (np.linalg.norm(a, axis=1) * np.linalg.norm(b, axis=1))


if __name__ == "__main__":
    sys.exit(main())
