"""A tiny source with fixed random weights, and drawn pictures as they look at any of its depths."""

from __future__ import annotations

import atexit
import hashlib
import shutil
import tempfile
from functools import cache
from pathlib import Path

import numpy as np
from tiny_source import ARCHITECTURE, WIDTHS

import drawn_task
from drawn_task import drain as drain  # the tests take it from here
from headstart.strategy import TrainResult
from headstart.types import Features, FitContext, InputSpec, Source, View

SIDE = 64


def weights(architecture: str = ARCHITECTURE) -> Path:
    """A safetensors file of random weights, running statistics fitted to bars; removed when the process ends."""
    return _written(architecture)


@cache  # of the name itself: made twice, with another number of threads, they would differ by rounding
def _written(architecture: str) -> Path:
    import torch
    from safetensors.torch import save_file

    from headstart.source.vision import timm
    from headstart.source.vision.backbone import normalise

    x = torch.from_numpy(drawn_task.pictures(48, 6, 99, SIDE).x).permute(0, 3, 1, 2)
    with torch.random.fork_rng(devices=[]), torch.no_grad():
        torch.manual_seed(0)
        net = timm.build(architecture).train()
        for module in net.modules():
            if isinstance(module, torch.nn.BatchNorm2d):
                module.momentum = None  # plain averages
        net(normalise(x, InputSpec(SIDE, (0.5,) * 3, (0.5,) * 3)))
    folder = Path(tempfile.mkdtemp(prefix="headstart-tiny-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    save_file({name: tensor.contiguous() for name, tensor in net.state_dict().items()}, folder / "tiny.safetensors")
    return folder / "tiny.safetensors"


@cache
def source(architecture: str = ARCHITECTURE) -> Source:
    """The record of these weights, for pictures of 64 px."""
    return Source(
        key="tiny",
        title="Tiny",
        modality="image",
        architecture=architecture,
        loader="package",
        origin={},
        sha256=hashlib.sha256(weights(architecture).read_bytes()).hexdigest(),
        licence="Apache-2.0",
        input=InputSpec(SIDE, (0.5, 0.5, 0.5), (0.5, 0.5, 0.5), crop=1.0),
        feature_dim=WIDTHS[architecture][-1],
        widths=WIDTHS[architecture],
        params=1,
        macs=1,
        pretrained_on="nothing",
        classes="imagenet-1k",
        paper="none",
    )


@cache
def net(architecture: str = ARCHITECTURE):
    """timm's own network with these weights, in eval mode."""
    from safetensors.torch import load_file

    from headstart.source.vision import timm

    made = timm.build(architecture)
    made.load_state_dict(load_file(weights(architecture)))
    return timm.resized(made, SIDE)


@cache
def pictures(n: int, k: int, seed: int) -> Features:
    """Bars at the source's own size, uint8 [n, 3, 64, 64]."""
    drawn = drawn_task.pictures(n, k, seed, SIDE)
    return Features(np.ascontiguousarray(drawn.x.transpose(0, 3, 1, 2)), drawn.y, drawn.key)


@cache
def look(depth: str, n: int, k: int, seed: int, copies: int = 1, architecture: str = ARCHITECTURE) -> Features:
    """Bars through the source: maps at a cut, half precision, [n, c, h, w] or [n, v, c, h, w]; pooled; or the pictures.

    Copies are the picture plus noise of the same bar, so that an error in their order is seen.
    """
    import torch

    from headstart.source.vision.backbone import load, normalise

    shown = pictures(n, k, seed)
    if depth == "input":
        return shown
    rng = np.random.default_rng((seed, copies))
    many = shown.x[:, None] + rng.normal(0, 6, (n, copies, *shown.x.shape[1:])) * (np.arange(copies) > 0).reshape(
        1, -1, 1, 1, 1
    )
    batch = torch.from_numpy(many.clip(0, 255).astype(np.uint8)).flatten(0, 1)
    spec = source(architecture).input
    with torch.inference_mode():
        maps = load(source(architecture), weights(architecture))(normalise(batch, spec), (depth,))[0].numpy()
    maps = maps.astype(np.float16) if depth.startswith("cut:") else maps
    return Features(maps.reshape(n, copies, *maps.shape[1:]) if copies > 1 else maps, shown.y, f"{shown.key}-{depth}")


def context(
    depth: str = "cut:3",
    n: int = 24,
    k: int = 3,
    *,
    copies: int = 2,
    valid: int = 12,
    architecture: str = ARCHITECTURE,
    **how,
) -> FitContext:
    """Bars made ready for a run; `valid` 0: no validation pictures."""
    return FitContext(
        look(depth, n, k, 1, copies, architecture),
        k,
        View("tiny", depth),
        valid=look(depth, valid, k, 2, copies, architecture) if valid else None,
        source=source(architecture),
        weights=weights(architecture),
        **how,
    )


def interrupted(start, slices: int = 1) -> tuple[TrainResult, int]:
    """Close the run after every so many slices and start it anew, until one comes to its end; also how many starts."""
    for again in range(1, 200):
        run = start()
        try:
            for _ in range(slices):
                next(run)
        except StopIteration as stop:
            return stop.value, again
        run.close()
    raise AssertionError("it does not come to an end")


def same(one: TrainResult, two: TrainResult) -> bool:
    """Every number bitwise the same."""
    return one.state.keys() == two.state.keys() and all(
        np.array_equal(value, two.state[name], equal_nan=True) for name, value in one.state.items()
    )


def untouched(architecture: str = ARCHITECTURE, depth: str = "cut:3") -> dict[str, dict[str, np.ndarray]]:
    """Part → name in a fitted state → array, of the source as it was; parts behind the cut, in order, with weights."""
    from headstart.source.vision.backbone import load

    body = load(source(architecture), weights(architecture))
    parts = body.parts if depth == "input" else body.parts[-int(depth.removeprefix("cut:")) :]
    return {
        name: {
            f"parts.{name}.{inner}": value.numpy()
            for inner, value in part.state_dict().items()
            if not inner.endswith("num_batches_tracked")
        }
        for name, part in parts
        if part.state_dict()
    }
