"""`headstart sources list|show|pull|verify`: the pre-trained models there are. Prints; the work is in `source/`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from rich.table import Table

app = typer.Typer(help="List, show, pull and verify sources.")

Json = Annotated[bool, typer.Option("--json", help="Print one JSON object on standard output, and nothing else there.")]
Key = Annotated[str, typer.Argument(help="A source's key, as `sources list` shows it; a folder; a hub's name.")]
Keys = Annotated[list[str], typer.Argument(help="Keys of sources, as `sources list` shows them.")]


@app.command("list")
def list_(as_json: Json = False) -> None:
    """All sources, one a line."""
    from ..family import names
    from ..source import _catalogue

    rows = [_catalogue.describe(_catalogue.get(key)) for key in _catalogue.keys()]
    if as_json:
        kinds = {"usual": "image"} | {f"usual_{name}": name for name in names("modality")}
        usual = {name: [s.key for s in _catalogue.usual(kind)] for name, kind in kinds.items()}
        return _json({"sources": rows, **usual})
    table = _table("key", "domain", "input", "params", "licence", "pulled")
    for row in rows:
        table.add_row(
            row["key"],
            row["domain"],
            _catalogue.reads(row),
            f"{row['params'] / 1e6:.1f} M",
            row["licence"].partition(";")[0],  # the rest, on whose weights they were, stands in `show`
            "yes" if row["pulled"] else "no",
        )
    return _show(table)


@app.command()
def show(key: Key, as_json: Json = False) -> None:
    """Everything the catalogue says about one source."""
    from ..source import _catalogue

    row = _catalogue.describe(_catalogue.get(key))
    if as_json:
        return _json(row)
    table = _table("field", "value")
    for name, value in row.items():
        for inner, part in value.items() if isinstance(value, dict) else [("", value)]:
            table.add_row(f"{name}.{inner}" if inner else name, _text(part))
    return _show(table)


@app.command()
def pull(keys: Keys, as_json: Json = False) -> None:
    """Fetch the weights of sources into the cache; afterwards they work with the network off."""
    from ..source import _catalogue

    with _busy(f"pulling {', '.join(keys)}"):
        paths = _catalogue.pull(keys)
    if as_json:
        return _json({"pulled": {key: str(path) for key, path in paths.items()}})
    table = _table("key", "weights")
    for key, path in paths.items():
        table.add_row(key, str(path))
    return _show(table)


@app.command()
def verify(
    keys: Annotated[list[str] | None, typer.Argument(help="Keys of sources, as `sources list` shows them.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="All sources that come with headstart.")] = False,
    as_json: Json = False,
) -> None:
    """Ask sources what is known (name photographs, pair sentences, features); a sound one gets at most one wrong."""
    from ..errors import SourceError, UsageError
    from ..source import _catalogue
    from ..source.verify import sound

    if bool(keys) == everything:
        raise UsageError("Name the sources to verify, or give --all for those that come with headstart, not both.")
    found, failed = _asked(keys or _catalogue.packaged(), everything)
    if as_json:
        verified = {key: {"sound": sound(rows), f"{noun}s": rows} for key, (noun, rows) in found.items()}
        _json({"verified": verified} | ({"failed": failed} if failed else {}))
    else:
        table = _table("key", "asked about", "named", "probability", "right")
        for key, (noun, rows) in found.items():
            for row in rows:
                right = "yes" if row["ok"] else f"no: {' | '.join(row['expected'])}"
                table.add_row(key, row[noun], row["named"], f"{row['probability']:.2f}", right)
        for key, why in failed.items():
            table.add_row(key, "", "", "", f"not asked: {why}")
        _show(table)
    if bad := [key for key, (_, rows) in found.items() if not sound(rows)]:
        raise SourceError(
            f"{', '.join(bad)} answered more than one question wrongly: the weights or the input settings of the "
            "record are not what they should be. Compare the record with the model's paper, or pull again."
        )
    if failed:
        raise SourceError(f"{', '.join(failed)} could not be asked; the reasons stand above.")


def _asked(keys: list[str], everything: bool) -> tuple[dict[str, tuple[str, list[dict[str, Any]]]], dict[str, str]]:
    """Key → what it was asked about ("picture") and rows; key → why it could not be asked, where all are.

    All are looked up before the first is fetched.
    """
    from ..errors import SourceError, UsageError
    from ..modality import noun
    from ..source import _catalogue
    from ..source.verify import verify

    found, failed = {}, {}
    for source in [_catalogue.get(key) for key in keys]:
        with _busy(f"verifying {source.key}"):
            try:
                found[source.key] = noun(source.modality), verify(source)
            except (SourceError, UsageError) as problem:
                if not everything:
                    raise
                failed[source.key] = str(problem)
    return found, failed


def _busy(doing: str) -> Any:  # noqa: ANN401 - rich's status, a context manager
    """A spinner on standard error while work is going on."""
    from rich.console import Console

    return Console(stderr=True).status(doing)


def _table(*columns: str) -> Table:
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    for column in columns:
        table.add_column(column, overflow="fold", no_wrap=column in ("key", "input", "params", "pulled"))
    return table


def _show(table: Table) -> None:
    from rich.console import Console

    Console().print(table)


def _json(value: dict[str, Any]) -> None:
    typer.echo(json.dumps(value, ensure_ascii=False))


def _text(value: object) -> str:
    """A catalogue value for a person's eyes."""
    if isinstance(value, tuple | list):
        return ", ".join(map(str, value))
    return ("yes" if value else "no") if isinstance(value, bool) else str(value)
