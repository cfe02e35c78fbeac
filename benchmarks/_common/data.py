"""What makers of cases share: where the data lies, a draw of so many of each class, a cache without features."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from pathlib import Path

import numpy as np

Row = tuple[str, int]  # path or text, label number
TEXTS = {  # name → path below the data folder
    "trec_questions": "trec_questions",
    "ag_news": "ag_news/data.jsonl",
    "sms_spam": "sms_spam/data.jsonl",
    "clinc_intents": "clinc_intents",
    "amazon_books": "amazon_sentiment/books.jsonl",
    "tweets": "sentiment_tweets_nyt/tweets.jsonl",
}


def folder() -> Path:
    """$HEADSTART_DATA, else shared/data beside the repository."""
    return Path(os.environ.get("HEADSTART_DATA") or Path(__file__).resolve().parents[3] / "shared" / "data")


def draw(rows: Sequence[Row], most: int, seed: int) -> list[Row]:
    """`most` rows of each class by chance (all of a class that has fewer), in the order they came."""
    rng = np.random.default_rng(seed)
    chosen: list[int] = []
    for label in sorted({label for _, label in rows}):
        own = [i for i, row in enumerate(rows) if row[1] == label]
        chosen += rng.choice(own, min(most, len(own)), replace=False).tolist()
    return [rows[i] for i in sorted(chosen)]


def fresh_cache(place: Path) -> str:
    """A cache with the pulled and converted sources of the usual one, and no feature."""
    from headstart.runtime import cache_dir

    for part in ("sources", "openvino"):
        if (cache_dir() / part).is_dir():
            shutil.copytree(cache_dir() / part, place / "cache" / part)
    return str(place / "cache")


def linked_cache(place: Path) -> Path:
    """A cache in `place` that shares the usual one's pulled sources, and holds nothing else."""
    from headstart.runtime import cache_dir

    (place / "cache").mkdir()
    (place / "cache" / "sources").symlink_to(cache_dir() / "sources")
    return place / "cache"
