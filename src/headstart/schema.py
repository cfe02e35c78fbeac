"""What `run.json` holds, by name and type: `RunRecord`; and `understood`, through which every reader of it goes.

`docs/run-json.md` says what each field means; `tests/contract/test_run_json.py` holds the two and real runs together.
Parts that are a dataclass elsewhere are named here, not repeated.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NotRequired, TypedDict, cast

from .errors import DataError

SCHEMA = 2  # of run.json, and of the objects that `evaluate`, `rank` and `check` give; 1: run.json without a version

Part = Mapping[str, Any]


class Counts(TypedDict):
    """Examples in each split."""

    train: int
    valid: int
    test: int
    unlabelled: NotRequired[int]


class TaskPart(TypedDict):
    """How the data was understood."""

    name: str
    modality: str
    kind: str
    labels: list[str]
    n: Counts
    set_aside: list[Part]  # types.SetAside
    split_rule: str
    notes: list[str]
    fingerprint: str
    classes: list[Part]


class DataPart(TypedDict):
    """What was read, and how; with the seed it is read again as it was."""

    path: str
    options: Mapping[str, str]  # those of ReadOptions that were given


class ModelPart(TypedDict):
    """A model: what it is, how large, and on whose work it stands."""

    source: str | None
    strategy: str
    title: str
    reuses: bool
    config: Part
    trained_params: int
    total_params: int
    licence: str | None
    pretrained_on: str | None
    sha256: str | None
    paper: str


class Winner(ModelPart):
    """The model of the run."""

    id: str


class Other(TypedDict):
    """The best of the arm that did not win."""

    take: str
    id: str


class BudgetPart(TypedDict):
    """What time there was, and what was left out for want of it."""

    asked: str | float | None
    limit: float | None
    cut: list[str]


class LeftOut(TypedDict):
    """A source that nobody looked at."""

    source: str
    why: str
    reason: str


class RankingPart(TypedDict):
    """How the sources were chosen."""

    chosen: list[str]
    stopped: str
    warnings: list[str]
    looked_at: list[str]
    left_out: list[LeftOut]
    sources: list[Part]  # plan.ranking.Entry
    named: NotRequired[bool]


class RunRecord(TypedDict):
    """`run.json`."""

    schema_version: int
    run: str
    sentence: str
    created: str
    command: str
    data: NotRequired[DataPart]
    task: TaskPart
    winner: Winner
    other: Other | None
    metrics: Part  # of the kind, see judge/measured/
    verdict: Part  # findings.Verdict
    rivals: list[Part]  # findings.Rival, and "title"
    trials: list[Part]  # types.Trial, and "title"
    mistakes: list[dict[str, Any]]
    foremost: list[str]
    warnings: list[str]
    budget: BudgetPart | None
    spend: Mapping[str, float]
    spend_cpu: Mapping[str, float]
    resources: Mapping[str, Mapping[str, float]] | None
    embedded: Part
    layers: Part | None  # judge.layers.Curve, and "noun"
    forgetting: Part | None  # judge.forgetting.Forgetting, and "sentence"
    ranking: RankingPart
    origins: Mapping[str, Part]
    seed: int
    request: str
    environment: Mapping[str, str]
    texts: NotRequired[Part]


# What `understood` puts in where schema 1 does not say it, beside empty lists.
_SINCE: Mapping[str, Any] = {"schema_version": 1, "other": None, "budget": None, "resources": None}


def understood(given: object, where: str) -> RunRecord:
    """A run's record, of this schema or an earlier one, with a value for every field that must be there.

    Args:
        given: what the file holds, as JSON reads it.
        where: the file, for an error.

    Raises:
        ValueError: it is no record of a run.
        DataError: a newer headstart wrote it.
    """
    if not isinstance(given, dict) or type(version := given.get("schema_version", 1)) is not int:
        raise ValueError("it holds no record of a run")
    if version > SCHEMA:
        raise DataError(
            f"{where} was written by a newer headstart: it has schema version {version}, and this one reads up to "
            f"{SCHEMA}. Update headstart, or use the version that environment.json beside it names."
        )
    record: dict[str, Any] = {**_SINCE, "foremost": [], **given}
    if isinstance(task := record.get("task"), dict):
        record["task"] = {"notes": [], **task}
    return cast(RunRecord, record)
