"""What people use to fine-tune, each in a process of its own: fastai, plain PyTorch, the tutorial's two stages.

In: pictures.json of `cases.py` and the weights of timm's mobilenetv2_100, the same for all. Out: a JSON with the test
pictures that were right, in order, and CPU seconds (children included). All run plain fp32, channels-last, one
process. None looks at the test before it predicts; two settings that have no ordinary value, plain's rate and fastai's
batch for very few pictures, were chosen in the rival's favour on held-out labelled pictures. Imports nothing of
headstart but, by its path, the file that makes the index's torchvision work beside a CPU torch.

Run: python rivals.py fastai|plain|tutorial --pictures FILE --weights FILE --seed S --out FILE [--threads T]
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from _common.process import cpu, prepare

NETWORK = "mobilenetv2_100"
BATCH = 32  # of plain and tutorial
FASTAI_BATCH, FASTAI_SMALL = 64, 8  # its default; with fewer pictures than that it would train no batch at all
IMPORTS = ("torch", "torch._dynamo", "timm", "torchvision.transforms.v2", "safetensors.torch", "PIL.Image")
FASTAI_IMPORTS = (*IMPORTS, "pandas", "fastai.vision.all", "fastai.callback.channelslast")
Row = tuple[str, int]
# Answers for the test, notes, CPU seconds when the model was ready, the network if its last layer is all that is new.
Tuned = tuple[list[int], dict[str, Any], float, Any]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("name", choices=sorted(RIVALS))
    for name in ("pictures", "weights", "out"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--epochs-scale", type=float, default=1.0, help="below 1 for a smoke test")
    parser.add_argument("--lr", type=float, default=1e-4, help="of plain; see there")
    parser.add_argument("--batch", type=int, default=0, help="of fastai; 0 is its default, or what few pictures need")
    parser.add_argument("--photos", type=Path, help="folder of photographs, on which plain's forgetting is measured")
    given = parser.parse_args()
    prepare(FASTAI_IMPORTS if given.name == "fastai" else IMPORTS, given.threads)
    imported, clock = cpu(), time.perf_counter()
    task = json.loads(given.pictures.read_text())
    guess, notes, fitted, net = RIVALS[given.name](task, given)
    used = cpu()
    right = [bool(g == y) for g, (_, y) in zip(guess, task["test"], strict=True)]
    result = {
        "name": given.name,
        "seed": given.seed,
        "accuracy": sum(right) / len(right),
        "correct": right,
        "cpu_process": used,
        "cpu_work": used - imported,
        "cpu_fit": fitted - imported,  # until the model is ready, the test not yet looked at
        "wall": time.perf_counter() - clock,
        "threads": given.threads,
        "notes": notes,
    }
    if net is not None and given.photos:
        result["forgetting"] = forgetting(task, net, given)
    given.out.write_text(json.dumps(result))
    return 0


def fastai(task: dict[str, Any], given: argparse.Namespace) -> Tuned:
    """fastai as its documentation shows it: from_df, Resize, aug_transforms, vision_learner, fine_tune(5)."""
    import pandas
    import torch
    from fastai.callback.channelslast import ChannelsLast
    from fastai.vision.all import ImageDataLoaders, Resize, accuracy, aug_transforms, set_seed, vision_learner

    set_seed(given.seed, reproducible=False)
    names = task["labels"]
    frames = {
        part: pandas.DataFrame([(path, names[label]) for path, label in task[part]], columns=["image", "label"])
        for part in ("train", "test")
    }
    learning = len(task["train"]) - int(0.2 * len(task["train"]))
    batch = given.batch or (FASTAI_BATCH if learning >= FASTAI_BATCH else FASTAI_SMALL)
    dls = ImageDataLoaders.from_df(
        frames["train"],
        path="/",
        valid_pct=0.2,
        seed=given.seed,
        item_tfms=Resize(task["input"]["size"]),
        batch_tfms=aug_transforms(),
        bs=batch,
        num_workers=0,
        device=torch.device("cpu"),
    )
    # pretrained=True with timm's `file`: fastai's own path for pre-trained networks (statistics, cut, frozen body).
    learn = vision_learner(
        dls,
        NETWORK,
        metrics=accuracy,
        cbs=[ChannelsLast()],
        pretrained_cfg_overlay={"file": str(given.weights)},
    )
    check(learn.model[0].model.state_dict(), given.weights)
    normalised = [t for t in dls.after_batch.fs if type(t).__name__ == "Normalize"]
    assert len(normalised) == 1
    assert torch.allclose(normalised[0].mean.flatten(), torch.tensor(task["input"]["mean"]))
    assert not any(p.requires_grad for p in learn.model[0].model.conv_stem.parameters()), "the body is not frozen"
    epochs = scaled(5, given)
    with learn.no_bar(), learn.no_logging():
        learn.fine_tune(epochs)
        fitted = cpu()
        seen = [value for value in learn.recorder.values[-1] if value is not None]  # losses, then accuracy on its valid
        likely, _ = learn.get_preds(dl=dls.test_dl(frames["test"]))
    steps = (1 + epochs) * len(dls.train)
    notes = {
        "epochs": f"1 + {epochs}",
        "batch": batch,
        "steps": steps,
        "learnt_from": learning,
        "last_epoch": [float(value) for value in seen],
        "what": "valid_pct=.2, Resize(224), aug_transforms(), vision_learner defaults, fine_tune defaults"
        + ("" if batch == FASTAI_BATCH else f"; default bs=64 would drop the only batch, so bs={batch}"),
    }
    return [names.index(dls.vocab[i]) for i in likely.argmax(1).tolist()], notes, fitted, None


def plain(task: dict[str, Any], given: argparse.Namespace) -> Tuned:
    """The ordinary PyTorch loop: the whole network in train mode, AdamW with one learning rate, 10 epochs.

    The rate is the kindest to it of 1e-4, 3e-4 and 1e-3 (AdamW's default), tried with seed 0 on labelled pictures that
    were held out of the training part; never on the test. Weight decay is AdamW's default.
    """
    import torch
    from torchvision.transforms import v2

    torch.manual_seed(given.seed)
    net = network(task, given.weights)
    augment = [v2.RandomResizedCrop(task["input"]["size"], antialias=True), v2.RandomHorizontalFlip()]
    training = v2.Compose([*augment, *finish(task["input"])])
    optimizer = torch.optim.AdamW(net.parameters(), lr=given.lr)
    epochs = scaled(10, given)
    net.train()
    steps = learn(task["train"], training, net, optimizer, epochs)
    net.eval()
    fitted = cpu()
    what = "AdamW, one learning rate, RandomResizedCrop + flip, all layers, train mode"
    notes = {"epochs": epochs, "lr": given.lr, "batch": BATCH, "steps": steps, "what": what}
    return predict(task, net), notes, fitted, net


def tutorial(task: dict[str, Any], given: argparse.Namespace) -> Tuned:
    """Two stages as Keras' guide has them: a dense head on the frozen network, then its last 20 layers, slowly.

    Batch-norm is in inference mode throughout; in the second stage its scale and shift learn as other weights do.
    """
    import torch
    from torch import nn
    from torchvision.transforms import InterpolationMode, v2

    torch.manual_seed(given.seed)
    net = network(task, given.weights)
    head = nn.Sequential(nn.Linear(net.num_features, 64), nn.ReLU(), nn.Linear(64, len(task["labels"])))
    for layer in (head[0], head[2]):  # as Keras begins a dense layer
        nn.init.xavier_uniform_(layer.weight)
        nn.init.zeros_(layer.bias)
    net.classifier = nn.Identity()
    body = [m for m in net.modules() if list(m.parameters(recurse=False))]
    net.requires_grad_(False)
    net.classifier = head
    net.eval()
    fill = [round(255 * m) for m in task["input"]["mean"]]
    turn = v2.RandomAffine(20, translate=(0.1, 0.1), interpolation=InterpolationMode.BILINEAR, fill=fill)
    training = v2.Compose([*crop(task["input"]), turn, v2.RandomHorizontalFlip(), *finish(task["input"])])
    first, second = scaled(10, given), scaled(5, given)
    steps = learn(task["train"], training, net, torch.optim.Adam(head.parameters(), lr=1e-3), first)
    for layer in body[-20:]:
        for weight in layer.parameters(recurse=False):
            weight.requires_grad_(True)
    free = [p for p in net.parameters() if p.requires_grad]
    steps += learn(task["train"], training, net, torch.optim.Adam(free, lr=1e-5), second)
    fitted = cpu()
    what = "dense 64 + softmax, Adam 1e-3 on the head, then 1e-5 with the last 20 layers; rotate 20, shift .1, flip"
    notes = {"epochs": f"{first} + {second}", "batch": BATCH, "steps": steps, "what": what}
    return predict(task, net), notes, fitted, None


def network(task: dict[str, Any], weights: Path) -> Any:
    """The pre-trained network with a fresh last layer for the task's classes."""
    import timm
    import torch
    from safetensors.torch import load_file

    net = timm.create_model(NETWORK)
    net.load_state_dict(load_file(str(weights)), strict=True)
    net.reset_classifier(len(task["labels"]))  # `num_classes=` in create_model would begin with far too large a loss
    return net.to(memory_format=torch.channels_last)


def check(state: dict[str, Any], weights: Path) -> None:
    """Raises unless every tensor of `state` is the file's own."""
    import torch
    from safetensors.torch import load_file

    kept = load_file(str(weights))
    if wrong := [name for name, value in state.items() if not torch.equal(value, kept[name])]:
        raise SystemExit(f"not the pre-trained weights: {', '.join(wrong[:5])}")


def crop(spec: dict[str, Any]) -> list[Any]:
    """Shorter side to size / crop, then the centre, as the network's record says."""
    from torchvision.transforms import InterpolationMode, v2

    how = InterpolationMode(spec["interpolation"])
    return [v2.Resize(round(spec["size"] / spec["crop"]), interpolation=how), v2.CenterCrop(spec["size"])]


def finish(spec: dict[str, Any]) -> list[Any]:
    import torch
    from torchvision.transforms import v2

    return [v2.ToImage(), v2.ToDtype(torch.float32, scale=True), v2.Normalize(spec["mean"], spec["std"])]


def learn(rows: Sequence[Row], look: Callable, net: Any, optimizer: Any, epochs: int) -> int:
    """Cross-entropy over shuffled batches, the last one short; the number of steps."""
    import torch

    steps = 0
    for _ in range(epochs):
        for x, y in batches([rows[i] for i in torch.randperm(len(rows)).tolist()], look):
            loss = torch.nn.functional.cross_entropy(net(x), y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            steps += 1
    return steps


def predict(task: dict[str, Any], net: Any) -> list[int]:
    import torch
    from torchvision.transforms import v2

    look = v2.Compose([*crop(task["input"]), *finish(task["input"])])
    with torch.no_grad():
        return torch.cat([net(x).argmax(1) for x, _ in batches(task["test"], look)]).tolist()


def batches(rows: Sequence[Row], look: Callable) -> Iterator[tuple[Any, Any]]:
    """Pictures from disk, batch by batch: x [b, 3, s, s], y [b]."""
    import torch
    from PIL import Image

    for at in range(0, len(rows), BATCH):
        some = rows[at : at + BATCH]
        x = torch.stack([look(Image.open(path).convert("RGB")) for path, _ in some])
        yield x.contiguous(memory_format=torch.channels_last), torch.tensor([label for _, label in some])


def forgetting(task: dict[str, Any], net: Any, given: argparse.Namespace) -> dict[str, Any]:
    """How often the source's own last layer, on the tuned network, still says of photographs what the source said.

    Its two figures are those of headstart's `judge/forgetting.py`: `agreement`, and `divergence`, KL(before‖after).
    """
    import timm
    import torch
    from safetensors.torch import load_file
    from torch.nn import functional
    from torchvision.transforms import v2

    source = timm.create_model(NETWORK)
    source.load_state_dict(load_file(str(given.weights)), strict=True)
    source.eval()
    look = v2.Compose([*crop(task["input"]), *finish(task["input"])])
    rows = [(path, 0) for path in sorted(given.photos.iterdir())]
    with torch.no_grad():
        before = torch.cat([source(x) for x, _ in batches(rows, look)])
        net.classifier = source.classifier
        after = torch.cat([net(x) for x, _ in batches(rows, look)])
    p, q = functional.log_softmax(before, 1), functional.log_softmax(after, 1)
    same = (before.argmax(1) == after.argmax(1)).float().mean()
    return {"n": len(rows), "agreement": float(same), "divergence": float((p.exp() * (p - q)).sum(1).mean())}


def scaled(epochs: int, given: argparse.Namespace) -> int:
    return max(1, round(epochs * given.epochs_scale))


RIVALS = {"fastai": fastai, "plain": plain, "tutorial": tutorial}

if __name__ == "__main__":
    sys.exit(main())
