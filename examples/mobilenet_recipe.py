"""The usual fine-tuning recipe, made of headstart's parts: the head alone, then the last 20 layers, gently.

224 × 224 pixels, batches of 32; pooled features → dense 64 → softmax. 10 epochs of the head alone at 1e-3, then 5 with
the last 20 layers at 1e-5. The recipe chooses nothing, so it trains on training and validation pictures together. What
its second phase adds to its first is told on the sealed test, opened once, at the end. Other than usual here:
* It is written for MobileNetV3-Small, whose ImageNet weights we found in no package; mobilenet-v2 takes its place. A
  record of your own in $HEADSTART_SOURCES (see CONTRIBUTING.md) makes it --source YOURS.
* The frozen layers look at each picture and its augmented copies once, not again in every epoch.
* A layer is a module with weights of its own. The last 20 of mobilenet-v2: three blocks, the last convolution, their
  batch-norms. Keras counts activations and sums too, so that its 20 reach less deep.
* Batch-norm keeps its statistics, also where its weights learn; rates rise to the recipe's and fall again (one cycle).
"""
# ruff: noqa: T201

from __future__ import annotations

import argparse
from copy import deepcopy
from math import ceil

import numpy as np
import torch
from torch import Tensor, nn

import headstart as hs
from headstart.extract.feature_store import FeatureStore, median_side
from headstart.judge.interval import paired, single
from headstart.judge.wording import percent, points
from headstart.kind import labelled
from headstart.read.image import read
from headstart.runtime import device
from headstart.source import _catalogue
from headstart.source.vision.backbone import Backbone, load
from headstart.transfer.training.freeze import freeze, hold_statistics, unfreeze
from headstart.transfer.training.loop import Recipe, train
from headstart.transfer.training.map_tail import MapTail
from headstart.types import Features, View

BATCH, LAYERS, DENSE = 32, 20, 64
parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("data", help="a folder of class folders")
parser.add_argument("--source", default="mobilenet-v2", help="a key of `headstart sources list`")
parser.add_argument("--epochs", type=int, nargs=2, default=(10, 5), help="of the head, then with the last layers")
parser.add_argument("--copies", type=int, default=8, help="of a picture, itself counted; 2 or more")
parser.add_argument(
    "--fit", metavar="FOLDER", help="also headstart.fit, its own choice, into this folder; takes minutes"
)
parser.add_argument("--strategy", default="", help="of that fit: ways of reuse; all the usual ones when not given")


class Network(MapTail):
    """A map at the cut [b, c, h, w] → the source's last parts → pooling → the recipe's head → [b, k]."""

    def forward(self, x: Tensor) -> Tensor:
        """Like headstart's own, but the head reads the features as they are, not their signed root."""
        return self.classifier(self.features(x))


def opened(backbone: Backbone, k: int) -> tuple[Network, str]:
    """The shortest tail that holds the last layers, all of it frozen but these; and the depth of what enters it."""
    modules = [(name, module) for name, stage in backbone.stages for module in stage.modules()]
    last = [(name, module) for name, module in modules if list(module.parameters(recurse=False))][-LAYERS:]
    parts = [name for name, _ in backbone.parts]
    depth = f"cut:{len(parts) - parts.index(last[0][0])}"
    network = Network(backbone, depth, k)
    freeze(network)
    for _, layer in last:
        unfreeze(layer)
    hold_statistics(network)
    network.classifier = nn.Sequential(nn.Linear(backbone.source.feature_dim, DENSE), nn.ReLU(), nn.Linear(DENSE, k))
    return network, depth


def fit(model: nn.Module, seen: Features, epochs: int, rate: float, seed: int) -> None:
    """Train on copies [n, v, …], in each epoch another copy of every picture."""
    per_epoch = ceil(len(seen.y) / BATCH)

    def batch(step: int) -> tuple[Tensor, Tensor]:
        epoch, at = divmod(step, per_epoch)
        rows = np.random.default_rng((seed, epoch)).permutation(len(seen.y))[at * BATCH : (at + 1) * BATCH]
        return torch.from_numpy(seen.x[rows, epoch % seen.x.shape[1]]).float(), torch.from_numpy(seen.y[rows])

    recipe = Recipe(epochs * per_epoch, rate, weight_decay=0, evaluate_every=per_epoch, threads=1, precision="no")
    for now in train(model, batch, nn.functional.cross_entropy, recipe, seed=seed):
        print(f"  epoch {now.step // per_epoch} of {epochs}, loss {now.loss:.3f}")


@torch.inference_mode()
def right(model: nn.Module, seen: Features) -> np.ndarray:
    """Which rows the model names rightly, [n]."""
    model = model.to(device()).eval()
    scores = [model(x.float().to(device())).cpu() for x in torch.from_numpy(seen.x).split(64)]
    return torch.cat(scores).argmax(1).numpy() == seen.y


def main(given: argparse.Namespace) -> None:
    """Read, look once, train twice, judge."""
    task, record = read(given.data), _catalogue.get(given.source)
    known = (*task.train, *task.valid)
    torch.manual_seed(0)
    network, depth = opened(load(record), len(task.labels))
    store = FeatureStore({record.key: record})
    style = "glyph" if median_side(task.modality, known) < 48 else "photo"  # a mirrored digit is another digit
    views = [View(record.key, at, variants=max(2, given.copies), style=style) for at in ("top", depth)]
    top, maps = (labelled(seen, task, known) for seen in store.extract(known, views))  # both in one pass
    print(f"{record.key}: {len(known)} pictures to learn from, looked at now: {store.computed}")
    print(f"The head alone, on features {top.x.shape}")
    fit(network.classifier, top, given.epochs[0], 1e-3, seed=0)
    head_only = deepcopy(network)
    print(f"With the last {LAYERS} layers, on maps {maps.x.shape}")
    fit(network, maps, given.epochs[1], 1e-5, seed=1)
    test = task.test.open()
    seen = labelled(store.extract(test, [View(record.key, depth)])[0], task, test)
    rows = {"head only": right(head_only, seen), f"then the last {LAYERS} layers": right(network, seen)}
    if given.fit:  # it splits as `read` does: the same sealed pictures
        own = hs.fit(given.data, out=given.fit, source="mobilenet-v2,efficientnet-lite0", strategy=given.strategy)
        said = own.predict([example.path for example in test])
        rows["headstart.fit"] = np.array([s.label == task.labels[e.answer] for s, e in zip(said, test, strict=True)])
    print(f"\n| {len(test)} sealed test pictures | accuracy | 95 % interval | against head only | 95 % interval |")
    print("|---|---|---|---|---|")
    for name, row in rows.items():
        gap, spread = row.mean() - rows["head only"].mean(), paired(row, rows["head only"])
        against = f"{points(gap)} | {' to '.join(map(points, spread))}" if name != "head only" else "– | –"
        print(f"| {name} | {percent(row.mean())} | {' to '.join(map(percent, single(row)))} | {against} |")
    print("\nOne training each: the intervals speak of these models, not of other seeds.")


if __name__ == "__main__":
    main(parser.parse_args())
