"""`--help` with a verb's options in sections; plain text, no boxes."""

from __future__ import annotations

from typing import Any

from typer.core import TyperCommand


class Sections(TyperCommand):
    """A verb whose options stand under the `rich_help_panel` that each names; under Options where it names none."""

    def format_options(self, ctx: Any, formatter: Any) -> None:  # noqa: ANN401 - typer's own classes are private
        """Write the sections, in the order in which the first option of each stands in the verb's signature."""
        sections: dict[str, list[tuple[str, str]]] = {}
        for param in self.get_params(ctx):
            if said := param.get_help_record(ctx):
                plain = "Arguments" if param.param_type_name == "argument" else "Options"
                sections.setdefault(getattr(param, "rich_help_panel", None) or plain, []).append(said)
        for title, rows in sections.items():
            with formatter.section(title):
                formatter.write_dl(rows)
