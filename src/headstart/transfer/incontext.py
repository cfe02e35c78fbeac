"""In-context learning: a causal language model reads a few examples, then says how likely each class's name comes next.

In: tokens. The prompt names the classes, shows `each` training texts of a class (those of its median length) with their
names, and ends in the new text. A class scores Σ log p(its name's tokens | prompt), less what it scores where the text
says nothing ("N/A", "[MASK]", none): contextual calibration. No weight moves. Out: the prompt's tokens, the names' and
the calibration. What stands before the new text is read once and its keys and values kept.

smollm2-135m, amazon kitchen, 8 texts a class to draw on, one draw, right on 100 others (not calibrated): no example
63 % (49), one of a class 52 (77), two 56 (77); 0.3 CPU s a text. Cross-validation chooses.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import UsageError
from ..runtime import device, digest
from ..strategy import SEARCH, TrainResult
from ..types import Facts, Features, FitContext, Fitted, FloatArray, IntArray, Progress, Source, View
from .zeroshot import readable

TITLE = "examples in the prompt (in-context learning)"
PAPER = (
    "Brown et al. 2020, Language Models are Few-Shot Learners; Zhao et al. 2021, Calibrate Before Use: Improving "
    "Few-Shot Performance of Language Models"
)
NEEDS = frozenset({"language"})
NEEDS_HEAD = "causal"  # a source whose file has the head that tells the next word
REUSES = True
STOCHASTIC = False
SHORT_RUN = 1.0
HEADER, ASK, ANSWER, END = "Classify each text as one of: {}.\n\n", "Text:\n", "\nLabel:", "\n\n"
CONTENT_FREE = ("N/A", "[MASK]", "")
SHOWN, FEWEST, NAME = 48, 4, 8  # tokens of an example at most and at least, of a name at most
ROWS = 16  # texts at once

_known: dict[tuple[str, str], Any] = {}  # the last source's network


@dataclass(frozen=True)
class Config:
    """One setting."""

    each: int = 1  # examples of a class in the prompt, as far as the source's length allows
    calibrate: bool = True  # take off what a text that says nothing scores
    length: int = 96  # tokens of the new text at most


def views(sources: Sequence[str]) -> list[View]:
    """Every source's tokens."""
    return [View(key, "input") for key in sources]


def settings(facts: Facts) -> list[Config]:
    """No example of a class, calibrated; one, calibrated and not; two."""
    return [Config(0), Config(1), Config(1, calibrate=False), Config(2, calibrate=False)][:SEARCH]


def run(config: Config, context: FitContext) -> Generator[Progress, None, TrainResult]:
    """Write the prompt and calibrate; no seed plays a part.

    Raises:
        UsageError: no source that tells the next word, or not a name for every class.
        SourceError: the source's file has no such head.
    """
    from ..source.language import model as _language

    if context.source is None or len(context.labels) != context.k or _language.lm_kind(context.source) != NEEDS_HEAD:
        raise UsageError(
            f"'incontext' was given source {context.source and context.source.key} and {len(context.labels)} names for "
            f"{context.k} classes; it needs a source that tells the next word, such as smollm2-135m, and a name for "
            "each class. Name it with --source."
        )
    made = _language.tokenizer(context.source, context.weights)

    def ids(text: str) -> IntArray:
        return np.array(made.encode(text, add_special_tokens=False).ids, np.int64)

    said = [readable(label) for label in context.labels]
    names = [ids(f" {name}")[:NAME] for name in said]
    ask, answer, end = ids(ASK), ids(ANSWER), ids(END)
    header = ids(HEADER.format(", ".join(sorted(said))))
    room = context.source.words.length - config.length - len(ask) - len(answer) - NAME
    around = np.array(made.encode("").ids, np.int64)
    parts = [header] if len(header) <= room // 2 else []
    if shown := _examples(context.train, config.each):
        frame = len(ask) + len(answer) + max(map(len, names)) + len(end)
        share = min(SHOWN, max(FEWEST, (room - sum(map(len, parts))) // len(shown) - frame))
        for row in shown:
            text = bare(context.train.x[row], around)[:share]
            piece = np.concatenate([ask, text, answer, names[context.train.y[row]], end])
            if sum(map(len, parts)) + len(piece) <= room:
                parts.append(piece)
    width = max(map(len, names))
    state = {
        "prefix": np.concatenate([*parts, ask]),
        "suffix": answer,
        "names": np.stack([np.pad(name, (0, width - len(name)), constant_values=-1) for name in names]),
        "around": around,
    }
    mean = np.zeros(context.k)
    if config.calibrate:
        free = log_likelihoods(speaking(context.source, context.weights), state, [ids(text) for text in CONTENT_FREE])
        mean = np.logaddexp.reduce(free - np.logaddexp.reduce(free, 1, keepdims=True), 0) - np.log(len(free))
    yield Progress(1, 1)
    return TrainResult({**state, "calibration": mean.astype(np.float32)}, 0)


def logits(fitted: Fitted, x: NDArray[Any], source: Source | None = None, weights: Path | None = None) -> FloatArray:
    """Tokens [n] → [n k].

    Raises:
        UsageError: no source record.
    """
    if source is None:
        raise UsageError("'incontext' needs the record of its source to read texts. Pass source=….")
    rows = [bare(row, fitted.state["around"])[: fitted.config["length"]] for row in x]
    found = log_likelihoods(speaking(source, weights), fitted.state, rows)
    return np.asarray(found - fitted.state["calibration"], np.float32)


def bare(row: NDArray[Any], around: IntArray) -> IntArray:
    """A text's tokens without those that the tokenizer puts around every text.

    >>> bare(np.array([2, 7, 2, 8, 3]), np.array([2, 3])).tolist()
    [7, 2, 8]
    """
    own = np.flatnonzero(~np.isin(row, around))
    return np.asarray(row[own[0] : own[-1] + 1] if len(own) else row[:0], np.int64)


def _examples(train: Features, each: int) -> list[int]:
    """Rows of up to `each` texts a class, those nearest to its median length; a text of each class, then the next."""
    chosen = []
    for label in np.unique(train.y):
        members = np.flatnonzero(train.y == label)
        lengths = np.array([len(train.x[row]) for row in members])
        far = abs(lengths - np.median(lengths))
        ranked = sorted(zip(far, members, strict=True), key=lambda m: (m[0], train.x[m[1]].tobytes()))
        chosen += [(rank, train.x[row].tobytes(), int(row)) for rank, (_, row) in enumerate(ranked[:each])]
    return [row for *_, row in sorted(chosen)]  # by content within a rank: the classes' numbers play no part


def speaking(source: Source, weights: Path | None) -> Any:  # noqa: ANN401 - a transformers model
    """The source's language model; the last one is kept for the next setting, fold and prediction."""
    key = (digest(source.identity), str(weights))
    if key not in _known:
        from ..source.language import model as _language

        _known.clear()
        _known[key] = _language.language_model(source, weights).to(device())
    return _known[key]


def log_likelihoods(model: Any, state: Any, rows: Sequence[IntArray]) -> NDArray[np.float64]:  # noqa: ANN401
    """log p(name | prefix, text, suffix), the sum over the name's tokens, [n k].

    Args:
        model: a causal language model of transformers.
        state: `prefix` [p] and `suffix` [s] tokens, `names` [k m], −1 where a name has ended.
        rows: texts' tokens.
    """
    import torch

    where, names = model.device, torch.from_numpy(np.asarray(state["names"]))
    prefix = torch.from_numpy(np.asarray(state["prefix"]))[None].to(where)
    texts = [np.concatenate([row, state["suffix"]]) for row in rows]
    order = np.argsort([len(text) for text in texts], kind="stable")
    out = np.zeros((len(rows), len(names)))
    with torch.inference_mode():
        begun = model(input_ids=prefix, use_cache=True, logits_to_keep=1).past_key_values
        for some in np.array_split(order, max(1, -(-len(order) // ROWS))):
            out[some] = _batch(model, begun, prefix.shape[1], [texts[row] for row in some], names.to(where))
    return out


def _batch(model: Any, begun: Any, before: int, texts: Sequence[IntArray], names: Any) -> NDArray[np.float64]:  # noqa: ANN401
    """The same for a few texts behind `before` tokens whose keys and values are `begun`, padded between the two."""
    import torch

    wide = max(map(len, texts))
    pads = torch.tensor([wide - len(text) for text in texts])
    ids = torch.from_numpy(np.stack([np.pad(text, (wide - len(text), 0)) for text in texts])).to(names.device)
    seen = torch.arange(wide) >= pads[:, None]
    mask = torch.cat([torch.ones(len(texts), before, dtype=torch.bool), seen], 1).long().to(names.device)
    places = (before + torch.arange(wide) - pads[:, None]).clamp_min(0).to(names.device)
    cache = deepcopy(begun)
    cache.batch_repeat_interleave(len(texts))
    known = {"use_cache": True, "past_key_values": cache}
    last = model(input_ids=ids, attention_mask=mask, position_ids=places, logits_to_keep=1, **known).logits[:, -1]
    scores = last.double().log_softmax(1)[:, names[:, 0].clamp_min(0)]
    for label, name in enumerate(names):
        tokens = name[name >= 0]
        if len(tokens) < 2:
            continue
        more = tokens[None, :-1].expand(len(texts), -1)
        longer = torch.cat([mask, torch.ones_like(more)], 1)
        ahead = places[:, -1:] + 1 + torch.arange(more.shape[1], device=names.device)
        said = model(input_ids=more, attention_mask=longer, position_ids=ahead, **known).logits.double().log_softmax(2)
        scores[:, label] += said.gather(2, tokens[None, 1:, None].expand(len(texts), -1, 1)).sum((1, 2))
        cache.crop(-more.shape[1])  # so many are taken off again
    return np.asarray(scores.cpu().numpy())
