"""Draws the transfer curves of finished runs (`headstart fit DATA --layers`) as pictures for the docs.

Run: python benchmarks/finetune/curves.py OUT RUN [RUN …]; one OUT/layers-NAME.svg a run, NAME being the run's folder,
and the numbers as a Markdown table on standard output.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

from headstart.report import _layers

CSS = Path(_layers.__file__).with_name("page.css")


def main() -> int:
    if len(sys.argv) < 3:
        print(__doc__, file=sys.stderr)
        return 2
    out, runs = Path(sys.argv[1]), [Path(run) for run in sys.argv[2:]]
    for run in runs:
        record = json.loads((run / "run.json").read_text(encoding="utf-8"))["layers"]
        (out / f"layers-{run.name}.svg").write_text(picture(str(_layers.chart(record))), encoding="utf-8")
        print(
            f"\n{run.name}: {record['trend']} {record['tail_why']}\n\n| depth | frozen, probe | fine-tuned above it |"
        )
        print("|---|---|---|")
        for depth in record["depths"]:
            scores = (percent(depth[key]) for key in ("probe", "tuned"))
            print(f"| {depth['name']} | {' | '.join(scores)} |")
    return 0


def picture(svg: str) -> str:
    """The chart as a file of its own: its namespace, a white ground, and those rules of the page that it needs."""
    rules = CSS.read_text(encoding="utf-8")
    root = rules[rules.index(":root {") : rules.index("}", rules.index(":root {")) + 1]
    style = root + "".join(re.findall(r"^\.chart[^\n]*", rules, re.M)) + "text{font:11px sans-serif}"
    return svg.replace(
        '<svg class="chart"', '<svg xmlns="http://www.w3.org/2000/svg" class="chart" style="background:#fff"', 1
    ).replace(">", f"><style>{style}</style>", 1)


def percent(value: float | None) -> str:
    return "–" if value is None else f"{100 * value:.1f} %"


if __name__ == "__main__":
    sys.exit(main())
