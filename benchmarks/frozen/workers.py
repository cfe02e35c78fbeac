"""The contestants of `run.py`, each alone in its process; what they measure is comparable.

In: for headstart a folder or table; for the rivals a JSON list of the same pictures. Out: a dict of plain values with
per-picture correctness and CPU seconds (children included). Imports are done first and timed apart, so that "work" is
what a long-running process would spend. Knows nothing of the other contestants.
"""

from __future__ import annotations

import json
import os
import resource
import time
from argparse import Namespace
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

CORES = 2
BATCH, SIZE, RESIZED = 32, 224, 256  # as efficientnet-lite0 wants its pictures: 224 out of 256, bicubic, (x − .5) / .5
RIVAL_IMPORTS = ("torch", "torch._dynamo", "torch.utils.data", "timm", "torchvision.transforms.v2", "safetensors.torch")
FIT_IMPORTS = (  # what a fit imports on its way, when its sources are pulled and converted
    *("torch", "torch._dynamo", "openvino", "accelerate", "scipy.optimize", "scipy.sparse.csgraph", "pyarrow.parquet"),
    *("sklearn.svm", "skimage.feature", "skimage.transform", "PIL.Image", "simplejpeg", "jinja2", "safetensors.numpy"),
    *("headstart.run.fit", "headstart.run.record", "headstart.judge.verdict", "headstart.report.html"),
    *(
        "headstart.plan.search",
        "headstart.extract.feature_store",
        "headstart.source.vision.backbone",
        "headstart.ship.store",
    ),
)


def cpu() -> float:
    """CPU seconds of this process and its finished children, user and system."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(u.ru_utime + u.ru_stime for u in used)


class Meter:
    """CPU and wall seconds: of the whole process, after the imports, and up to the moment the model is ready."""

    def __init__(self, modules: Sequence[str]) -> None:
        if hasattr(os, "sched_setaffinity"):
            os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:CORES])
        self.parts: dict[str, float] = {}
        start = cpu()
        if "timm" in modules:
            from headstart.source._cure import cure  # see there: the index's torchvision beside a CPU torch

            cure()
        for module in modules:
            import_module(module)
        self.imports = cpu() - start
        self.start, self.wall, self.ready = cpu(), time.perf_counter(), 0.0

    def part(self, name: str, since: float) -> None:
        """Add the CPU seconds since `since` (of `time.process_time`) to a part of the work."""
        self.parts[name] = self.parts.get(name, 0.0) + time.process_time() - since

    def done(self) -> dict[str, Any]:
        """Call last."""
        return {
            "cpu_process": cpu(),
            "cpu_imports": self.imports,
            "cpu_work": cpu() - self.start,
            "cpu_ready": self.ready,
            "wall_work": time.perf_counter() - self.wall,
            "parts": self.parts,
        }


def prepare(given: Namespace) -> dict[str, Any]:
    """Pull the default sources, then convert them, in an empty cache: what only the first fit on a machine pays."""
    meter = Meter((*FIT_IMPORTS, *RIVAL_IMPORTS))
    import numpy as np
    from PIL import Image

    from headstart.extract.feature_store import FeatureStore
    from headstart.plan.candidates import candidates
    from headstart.source import _catalogue
    from headstart.types import Example, Facts

    weights = _catalogue.pull(dict.fromkeys([*_catalogue.cheap_keys(), given.source]))
    pulled = {"cpu": cpu() - meter.start, "wall": time.perf_counter() - meter.wall}
    start, wall = cpu(), time.perf_counter()
    picture = Path(given.out) / "one.png"
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (300, 300, 3), np.uint8)).save(picture)
    records = [_catalogue.get(key) for key in _catalogue.cheap_keys()]
    views = [c.view for c in candidates([r.key for r in records], (), Facts(100, 2, 300)) if c.view.source]
    store = FeatureStore({r.key: r for r in records}, folder=Path(given.out) / "one")
    store.extract([Example(str(picture), "one")], list(dict.fromkeys(views)))
    converted = {"cpu": cpu() - start, "wall": time.perf_counter() - wall}
    return {"pull": pulled, "convert": converted, "engine": store.engine, "weights": str(weights[given.source])}


def headstart(given: Namespace) -> dict[str, Any]:
    """The whole fit: reading, embedding, all candidates and rivals, the verdict, the report."""
    meter = Meter(FIT_IMPORTS)
    from pyarrow import parquet

    from headstart.api import fit

    run = fit(given.data, out=given.out, seed=given.seed, strategy=given.strategy, budget="none")
    meter.ready = run.record["spend_cpu"]["adapted"]
    out = meter.done()
    rows = parquet.read_table(Path(given.out) / "predictions.parquet").to_pydict()
    right = [a == b for a, b in zip(rows["label"], rows["predicted"], strict=True)]
    return {
        **out,
        "correct": dict(zip(rows["image"], right, strict=True)),
        "embed_wall": run.record["embedded"]["seconds"],
        "embedded": run.record["embedded"]["computed"],
        "winner": run.record["winner"]["id"],
        "sentence": run.sentence,
    }


def sklearn(given: Namespace) -> dict[str, Any]:
    """Logistic regression of scikit-learn on features of the same network, each picture through it once."""
    meter = Meter((*RIVAL_IMPORTS, "timm.data", "sklearn.linear_model", "sklearn.pipeline", "sklearn.preprocessing"))
    import torch
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
    from timm.data import create_transform

    half = (0.5, 0.5, 0.5)
    look = create_transform(SIZE, interpolation="bicubic", crop_pct=SIZE / RESIZED, mean=half, std=half)
    task, body = json.loads(Path(given.data).read_text()), _body(given.weights)

    def features(rows: list[tuple[str, int]]) -> Any:
        return torch.cat([body(x) for x, _ in _batches(rows, look, meter)]).numpy()

    head = make_pipeline(StandardScaler(), LogisticRegression(max_iter=2000))
    head.fit(features(task["train"]), [label for _, label in task["train"]])
    meter.ready = cpu() - meter.start
    return {**_correct(task, head.predict(features(task["test"]))), **meter.done()}


def tutorial(given: Namespace) -> dict[str, Any]:
    """The frozen network run again in every epoch over augmented pictures, a small dense head behind it."""
    meter = Meter(RIVAL_IMPORTS)
    import torch
    from torchvision.transforms import InterpolationMode, v2

    torch.manual_seed(given.seed)
    task, body = json.loads(Path(given.data).read_text()), _body(given.weights)
    first = [v2.Resize(RESIZED, interpolation=InterpolationMode.BICUBIC), v2.CenterCrop(SIZE)]
    augment = [v2.RandomRotation(20), v2.RandomAffine(0, translate=(0.1, 0.1)), v2.RandomHorizontalFlip()]
    last = [v2.ToImage(), v2.ToDtype(torch.float32, scale=True), v2.Normalize([0.5] * 3, [0.5] * 3)]
    training, testing = v2.Compose([*first, *augment, *last]), v2.Compose([*first, *last])
    width = body(torch.zeros(1, 3, SIZE, SIZE)).shape[1]
    head = torch.nn.Sequential(
        torch.nn.Linear(width, 64), torch.nn.ReLU(), torch.nn.Linear(64, len(task["labels"]))
    )  # the softmax is in the loss
    optimizer = torch.optim.Adam(head.parameters(), lr=1e-3)
    for _ in range(given.epochs):
        rows = [task["train"][i] for i in torch.randperm(len(task["train"])).tolist()]
        for x, y in _batches(rows, training, meter):
            start = time.process_time()
            features = body(x)
            meter.part("backbone", start)
            loss = torch.nn.functional.cross_entropy(head(features), y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    meter.ready = cpu() - meter.start
    with torch.no_grad():
        guess = torch.cat([head(body(x)).argmax(1) for x, _ in _batches(task["test"], testing, meter, "test pictures")])
    return {**_correct(task, guess.tolist()), **meter.done()}


def _body(weights: str) -> Callable[[Any], Any]:
    """The frozen network as plain PyTorch runs it: eager, fp32, eval mode, no gradients; [b, 3, s, s] → [b, d]."""
    import timm
    import torch
    from safetensors.torch import load_file

    net = timm.create_model("tf_efficientnet_lite0")
    net.load_state_dict(load_file(weights), strict=True)
    net.eval()

    def body(x: torch.Tensor) -> torch.Tensor:
        with torch.no_grad():
            return net.forward_head(net.forward_features(x), pre_logits=True)

    return body


def _batches(rows: list[tuple[str, int]], look: Callable, meter: Meter, part: str = "pictures") -> Any:
    """Pictures from disk, batch by batch: x [b, 3, s, s], y [b]."""
    import torch
    from PIL import Image

    for at in range(0, len(rows), BATCH):
        start = time.process_time()
        some = rows[at : at + BATCH]
        x = torch.stack([look(Image.open(path).convert("RGB")) for path, _ in some])
        meter.part(part, start)
        yield x, torch.tensor([label for _, label in some])


def _correct(task: dict[str, Any], guess: Sequence[int]) -> dict[str, Any]:
    return {"correct": {path: bool(g == y) for (path, y), g in zip(task["test"], guess, strict=True)}}


WORKERS = {"prepare": prepare, "headstart": headstart, "sklearn": sklearn, "tutorial": tutorial}
