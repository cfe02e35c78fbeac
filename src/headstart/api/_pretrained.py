"""save_pretrained: a run's model for timm, transformers and sentence-transformers, with label names and a card."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..run.saved import Saved
from ..runtime import quiet_threads, write

if TYPE_CHECKING:
    from ..report.card import Door
    from ..ship.store import Model


def save_pretrained(run: Saved, folder: str | Path, *, linear: Iterable[Any] | None = None) -> Path:
    """Write the run's model as a folder that other libraries open; it is opened and compared before it is kept.

    The network lies there as its own library saves it, with all that was learnt in its weights:
    `timm.create_model("local-dir:FOLDER", pretrained=True)` or `SentenceTransformer(FOLDER)` gives what the head reads.
    The head of a run takes a root of the features first, for which no library has a class: the whole is opened by
    `AutoModelForImageClassification` or `AutoModelForSequenceClassification.from_pretrained(FOLDER,
    trust_remote_code=True)`, the code being two short files in the folder; softmax of its logits is what `predict`
    says.

    Args:
        run: a finished run.
        folder: a new one.
        linear: examples (labels are not needed) for a plain linear head, which needs no code: timm's network is then
            complete, and sentence-transformers gives logits. It is another head: it says nearly the same, how nearly
            stands in the card, and below 95 % of equal answers it is refused.

    Returns:
        The folder.

    Raises:
        UsageError: no other library could open such a model (HOG, TF-IDF, all depths, a format of its own), or the
            folder holds something.
        EngineError: what the folder says when it is opened is not what the model says.
    """
    quiet_threads()
    from ..report import card
    from ..ship.pretrained import folder as pretrained

    place, model = Path(folder), run.model
    member, head = pretrained.save(model, place, linear)
    note = ""
    if head.linear is not None:
        note = (
            f"The head is a linear one that was fitted to what the run's own says: equal answers on "
            f"{100 * head.agreement:.1f} % of examples that it had not seen, probabilities {head.apart:.3f} apart on "
            "the mean. The figures above are of the run's own."
        )
    origin = model.source.origin if model.source else {}
    door: Door = card.Door(member.LIBRARY, member.how(place.name, head), str(origin.get("repository", "")), note)
    write(place / "README.md", card.render(_record(run, model), door))
    return place


def _record(run: Saved, model: Model) -> Mapping[str, Any]:
    """The run's record; where its other model is taken, what is known of that one: nothing was measured in detail."""
    record = run.record
    fitted, source = model.fitted, model.source
    if (record["winner"]["strategy"], record["winner"]["config"]) == (fitted.strategy, dict(fitted.config)):
        return record
    title = next((t["title"] for t in record["trials"] if t["strategy"] == fitted.strategy), fitted.strategy)
    taken = {"strategy": fitted.strategy, "title": title, "config": dict(fitted.config), "reuses": True}
    if source is not None:
        taken |= {"source": source.key, "licence": source.licence, "pretrained_on": source.pretrained_on}
        taken |= {"sha256": source.sha256, "paper": source.paper}
    sizes = {"trained_params": fitted.trained_params, "total_params": fitted.total_params}
    return {**record, "winner": {**record["winner"], **taken, **sizes}, "metrics": {}}
