"""The values that flow through the house: frozen, checked on creation, nothing else.

Task → Source → Features → Estimate → Trial → Fitted → Verdict. Arrays are numpy; `n` pictures, `d` features,
`k` classes, `s` source classes. Nothing here reads a file, knows a model or holds a torch tensor.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .errors import UsageError
from .findings import Contrast as Contrast
from .findings import Decision as Decision
from .findings import Metrics as Metrics
from .findings import Rival as Rival
from .findings import Verdict as Verdict
from .modality import noun
from .pixels import PLAIN, Pixels

FloatArray = NDArray[np.float32]
IntArray = NDArray[np.int64]
Decoder = Mapping[str, Any]  # what a kind needs beside a model to read its outputs, as JSON takes it
LabelCell = str | tuple[str, ...]  # what a label's cell says: one text, or a list of them
PAIR = " ␟ "  # between texts of several columns, which models that know pairs are given as such


@dataclass(frozen=True)
class Example:
    """One example with its answer. `digest` is the sha256 of its bytes: the cache key of all made from it."""

    path: str  # absolute; of a text in a table "TABLE:ROW"
    digest: str
    content: str | None = None  # what it is, where it is no file: a text
    answer: Any = None  # what a model learns to give, in the form of its task's kind; None where it is not known
    group: str | None = None
    pixels: Pixels = PLAIN  # how its file is read, if it is a picture; `digest` then also names that


@dataclass(frozen=True)
class SetAside:
    """One input that takes no part, and why."""

    path: str
    reason: str  # a key: "unreadable", "empty", "not_an_image", "too_large", "near_duplicate", "two_labels", …
    detail: str  # one sentence for a person


class Sealed:
    """The test split. Anyone may ask how many it holds; only `judge/` may open it, and each opening is counted."""

    def __init__(self, examples: tuple[Example, ...], counts: Sequence[int] = ()) -> None:
        self._examples = examples
        self.counts = tuple(counts)  # examples of each class, where there are classes
        self.reads = 0

    def __len__(self) -> int:
        return len(self._examples)

    def open(self) -> tuple[Example, ...]:
        """The pictures themselves. `tests/contract` holds that only `judge/` calls this."""
        self.reads += 1
        return self._examples


@dataclass(frozen=True)
class Task:
    """A person's data made ready: clean, split, labelled, the test split sealed."""

    name: str
    labels: tuple[str, ...]  # class names, which the answers index; of numbers, what they are called, alone
    train: tuple[Example, ...]
    valid: tuple[Example, ...]
    test: Sealed
    set_aside: tuple[SetAside, ...] = ()
    warnings: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()  # how the data was understood where that was a guess, a sentence each
    columns: Mapping[str, str] = field(default_factory=dict)  # role ("text", "label", …) → the table's column
    split_rule: str = ""  # how the splits came about, for the report: "train/ and val/ as given; …"
    fingerprint: str = ""  # hash of every (digest, label, split): equal fingerprints mean equal data
    modality: str = "image"
    kind: str = "classification"  # a member of kind/
    pixels: Pixels = PLAIN  # how its pictures are read
    unlabelled: tuple[Example, ...] = ()  # texts without an answer and unlike any held-out one, to learn words from

    @property
    def noun(self) -> str:
        """What one example is called."""
        return noun(self.modality)

    @property
    def n(self) -> dict[str, int]:
        """Examples in each split."""
        return {"train": len(self.train), "valid": len(self.valid), "test": len(self.test)}


@dataclass(frozen=True)
class InputSpec:
    """How a backbone wants its RGB in [0, 1]: shorter side to `size / crop`, centre crop, then (x − mean) / std."""

    size: int  # pixels, square
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    interpolation: str = "bicubic"  # or "bilinear"
    crop: float = 0.875  # part of the shorter side that is kept
    squash: bool = False  # both sides are made `size / crop`, whatever the picture's shape


@dataclass(frozen=True)
class TextSpec:
    """How a language model wants its text, and how one vector is made of those of its tokens."""

    length: int  # tokens at most; longer texts are cut
    pooling: str = "mean"  # over tokens; or "last", for causal models, "cls", …; several joined by "+"
    prefix: str = ""  # stands before every text
    notation: str = "plain"  # what its texts are: plain language, or "smiles", molecules written in a line
    after: tuple[str, ...] = ()  # what the pooled vector goes through: "dense:INTO:WIDTH:ACTIVATION", "unit" (length 1)


@dataclass(frozen=True)
class Source:
    """A pre-trained model that can be reused: one record of `source/catalogue/*.toml`."""

    key: str
    title: str
    modality: str
    # timm's name, or torchvision's with "torchvision:" before it; of a language model transformers' type, or "static".
    architecture: str
    loader: str  # a member of source/: "package", …
    origin: Mapping[str, Any]  # what the loader needs: distribution, version, archive sha256, file inside
    sha256: str  # of the weights file
    licence: str
    input: Any  # what its modality's `spec` says (source/modality/): InputSpec, TextSpec, a frozen dataclass of its own
    feature_dim: int
    params: int
    macs: int  # multiply-adds for one picture, or for a text of 64 tokens
    pretrained_on: str
    classes: str  # label names of its own classifier: "imagenet-1k"; "none" where it has none
    paper: str
    widths: tuple[int, ...]  # pooled features at each depth, "stage1" … "top"; their sum is the width of depth "all"
    notes: str = ""
    config: Mapping[str, Any] = field(
        default_factory=dict
    )  # of a language model as transformers takes it; else see source/vision/settings.py
    domain: str = "not stated"  # what it looked at while it learnt, in a word or two: "photographs", "faces", …
    published: float | None = None  # its paper's accuracy, %, on ImageNet-1k (pictures) or sentence tasks (texts)
    random: bool = False  # whether its weights were drawn by chance, see source/_random.py

    @property
    def licensed(self) -> bool:
        """Whether anybody says under which licence it may be used."""
        return not self.licence.startswith("not stated")

    @property
    def classifies(self) -> bool:
        """Whether it has a classifier of its own."""
        return self.classes != "none"

    @property
    def pixels(self) -> InputSpec:
        """How it wants its pictures.

        Raises:
            UsageError: it reads texts.
        """
        if not isinstance(self.input, InputSpec):
            raise UsageError(
                f"The source '{self.key}' reads {noun(self.modality)}s, not pictures. Name one for pictures."
            )
        return self.input

    @property
    def words(self) -> TextSpec:
        """How it wants its texts.

        Raises:
            UsageError: it reads pictures.
        """
        if not isinstance(self.input, TextSpec):
            raise UsageError(f"The source '{self.key}' reads {noun(self.modality)}s, not texts. Name one for texts.")
        return self.input

    @property
    def identity(self) -> list[Any]:
        """All that decides which network it is and what it sees, as JSON takes it; what is kept for it is named by it.

        Of `origin` that which says what is made of the weights file (see `source/vision/weights`).
        """
        made = {name: self.origin[name] for name in ("keep", "channels", "answers", "split") if name in self.origin}
        return [self.sha256, self.architecture, to_dict(self.input), made, dict(self.config)]

    @property
    def depths(self) -> tuple[str, ...]:
        """Where pooled features can be taken, stem to top."""
        return (*(f"stage{at}" for at in range(1, len(self.widths))), "top")

    def columns(self, depth: str) -> slice:
        """Where a depth's features stand among those of depth "all"."""
        if depth == "all":
            return slice(0, sum(self.widths))
        at = self.depths.index(depth)
        return slice(sum(self.widths[:at]), sum(self.widths[: at + 1]))


@dataclass(frozen=True)
class Features:
    """One backbone's (or one reader of pixels') view of some pictures, in the order they were asked for."""

    x: NDArray[Any]  # [n, d] float32 features, [n, r, r, 3] uint8 pixels, or [n] texts
    y: Any  # what is true of them, [n …] as `Kind.targets` has it; None where nobody asked
    key: str  # what made it: hash of source sha, depth, engine, precision, preprocessing
    logits: FloatArray | None = None  # [n, s] the source's own class scores, where it has a head
    seconds: float = 0.0  # spent now; a cache hit costs nothing
    computed: int = 0  # pictures that were not in the cache

    def __post_init__(self) -> None:
        if self.y is not None and len(self.x) != len(self.y):
            raise UsageError(f"Features hold {len(self.x)} rows and {len(self.y)} labels; they must be as many.")


@dataclass(frozen=True)
class View:
    """What a model looks at: features of a source's depth, or plain pixels. Travels with the saved model."""

    source: str | None  # a source key, or None for pixels and plain texts
    # A name from Source.depths or "all" (pooled features), "cut:3" (the map that enters the network's last three parts)
    # or "input" (the prepared picture, or the text as it is); unused for pixels.
    depth: str = "top"
    size: int = 0  # pixels a side; for pixels only
    engine: str = ""  # engine and precision that made the features, e.g. "openvino-bf16"
    variants: int = 1  # with more, rows are [v, …]: the picture itself and v − 1 augmented copies; for training only
    style: str = "photo"  # of the augmentation, see extract/_augment.py


@dataclass(frozen=True)
class Fitted:
    """A classifier on top of a view: named arrays and the strategy that knows how to read them."""

    strategy: str  # a member of transfer/
    view: View
    config: Mapping[str, Any]
    labels: tuple[str, ...]
    state: Mapping[str, NDArray[Any]]  # what safetensors holds
    trained_params: int
    total_params: int
    kind: str = "classification"  # a member of kind/, which reads its outputs
    decoder: Decoder = field(default_factory=dict)  # what that found out of them on validation data, see `Kind`
    modality: str = "image"  # what it reads


@dataclass(frozen=True)
class Facts:
    """What a strategy may know of the data before it looks at a picture."""

    n: int  # training pictures
    k: int  # classes
    side: int = 0  # median shorter side of the training pictures, pixels
    modality: str = "image"
    kind: str = "classification"
    mirror: bool = True  # whether a mirrored picture keeps its class


@dataclass(frozen=True)
class FitContext:
    """What a run is given beside its setting; a strategy takes of it what it needs."""

    train: Features
    k: int  # classes
    view: View  # how the features were made; its source, depth and style
    seed: int = 0
    valid: Features | None = None  # chooses the best state, where there is any; absent in a refit
    share: float = 1.0  # below 1 a shortened run, to compare settings cheaply
    checkpoint: Path | None = None  # a file in which a long run keeps its state (for `plan.search`, their folder)
    source: Source | None = None  # of the view
    weights: Path | None = None  # the source's weights file
    kind: str = "classification"
    source_rows: NDArray[Any] | None = None  # source data through the same view, where the caller has some (EWC)
    unlabelled: NDArray[Any] | None = None  # rows without a label through the same view, for strategies that ask
    labels: tuple[str, ...] = ()  # names of the classes, k of them, or none where only their numbers are known
    modality: str = "image"  # what the examples are


@dataclass(frozen=True)
class Progress:
    """What a strategy yields after each slice of work."""

    step: int
    steps: int
    metric: float | None = None  # validation accuracy, where known
    loss: float | None = None  # training loss, where there is one


@dataclass(frozen=True)
class Estimate:
    """What one score says of one source, before anything is trained on it."""

    score: str  # a member of score/
    source: str | None  # a source key, where the record was given
    value: float | None  # higher is better, among sources of one task; None where the score cannot speak
    n_used: int  # examples that it looked at
    seconds: float
    caveats: tuple[str, ...] = ()  # where it cannot speak the reason stands first


@dataclass(frozen=True)
class Trial:
    """One candidate: a strategy on a source (or none) with the setting that validation chose."""

    id: str
    strategy: str
    source: str | None
    reuses: bool  # True: transfer; False: a rival that starts fresh
    config: Mapping[str, Any]  # the chosen setting
    tried: int  # how many settings were compared to choose it
    status: str  # "finished" | "failed" | "dropped" (lost early) | "waiting" (the budget ended before its turn)
    reason: str  # why it won, lost or failed
    accuracy: float | None = 0.0  # on validation; None of a task without classes
    log_loss: float | None = 0.0  # on validation, after temperature scaling; the same
    seconds: float = 0.0
    curve: tuple[Mapping[str, float], ...] = ()  # {"step", "metric", "loss"}
    seed: int = 0
    compared_on: int = 0  # pictures behind `accuracy` and `log_loss`
    scores: Mapping[str, float] = field(default_factory=dict)  # what is measured in their place, by name
    folds: int = 0  # of cross-validation on training and validation pictures; 0: on the validation pictures alone
    part: float = 1.0  # of its usual steps, a rival that the budget left no time for all


def in_order(labels: Iterable[str]) -> tuple[str, ...]:
    """Each label once: numbers by value when all are numbers, else by code point.

    >>> in_order(["10", "9", "9"]), in_order(["b", "10", "9"])
    (('9', '10'), ('10', '9', 'b'))
    """
    once = sorted(set(labels))
    try:
        return tuple(sorted(once, key=float))
    except ValueError:
        return tuple(once)


def to_dict(value: Any) -> Any:  # noqa: ANN401 - any of the values above
    """A value as plain dicts, lists and numbers, ready for JSON.

    >>> to_dict(SetAside("a.jpg", "empty", "0 bytes"))["reason"]
    'empty'
    """
    return asdict(value)
