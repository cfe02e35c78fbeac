"""headstart's contestant of the text benchmark: the whole fit as a user runs it, on the rivals' source alone.

In: a case folder of cases.py. Out: a JSON like the rivals'; `cpu_fit` is CPU seconds until the model is ready, without
what serves the verdict alone: the rivals that start fresh, the second and third training seed, the report.

Run: python ours.py headstart --case FOLDER --seed S --out FILE [--threads T]
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from pathlib import Path

from score import scored

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from _common.data import fresh_cache
from _common.process import cpu

SOURCE = "minilm-l6"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("name", choices=("headstart",))
    parser.add_argument("--case", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--threads", type=int, default=1)
    given = parser.parse_args()
    import torch
    from pyarrow import parquet

    from headstart.api import fit
    from headstart.source._transformers import library

    _ = library().AutoModel
    torch.set_num_threads(given.threads)
    imported, clock = cpu(), time.perf_counter()
    task = json.loads((given.case / "texts.json").read_text())
    with tempfile.TemporaryDirectory(prefix="headstart-") as folder:
        os.environ["HEADSTART_CACHE"] = fresh_cache(Path(folder))
        run = fit(given.case / "table.jsonl", out=Path(folder) / "run", seed=given.seed, source=SOURCE, budget="none")
        rows = parquet.read_table(run.path / "predictions.parquet").to_pydict()
        record = run.record
    used = {"cpu_process": cpu(), "cpu_work": cpu() - imported, "wall": time.perf_counter() - clock}
    said = dict(zip(rows["text"], rows["predicted"], strict=True))
    guess = [task["labels"].index(said[text]) for text, _ in task["test"]]
    result = {
        "name": given.name,
        "seed": given.seed,
        "threads": given.threads,
        **scored(guess, [label for _, label in task["test"]]),
        **used,
        "cpu_fit": record["spend_cpu"]["adapted"],
        "trained_params": record["winner"]["trained_params"],
        "winner": record["winner"]["id"],
        "config": record["winner"]["config"],
        "sentence": record["sentence"],
        "rivals": {rival["strategy"]: rival["value"] for rival in record["rivals"]},
        "spend": record["spend"],
        "trials": [{k: t[k] for k in ("id", "status", "accuracy", "log_loss", "seconds")} for t in record["trials"]],
    }
    given.out.write_text(json.dumps(result))
    return 0


if __name__ == "__main__":
    sys.exit(main())
