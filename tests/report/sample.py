"""Runs as `fit` leaves them, drawn from simulated predictions so that all their numbers agree with one another."""

from __future__ import annotations

from typing import Any

import numpy as np

from headstart.types import Metrics, Rival, Trial, Verdict, to_dict

HOSTILE = (
    "<script>alert(1)</script>", "蜜蜂", "ذبابة", 'a"b\' onload=x', "| # [x](javascript:1) | `code`", "Käfer & Motte",
    "\u202egpj.exe", "a\nb\x00c",
)  # fmt: skip


def wilson(p: float, n: int) -> tuple[float, float]:
    z = 1.96
    mid, half = (p + z * z / 2 / n), z * np.sqrt(p * (1 - p) / n + z * z / 4 / n / n)
    return float((mid - half) / (1 + z * z / n)), float((mid + half) / (1 + z * z / n))


def metrics(labels: tuple[str, ...], accuracy: float, n: int, seed: int = 0) -> Metrics:
    """Metrics of drawn answers that are right with about the given frequency."""
    rng = np.random.default_rng(seed)
    k = len(labels)
    truth = np.arange(n) % k
    confidence = np.clip(rng.beta(6, 6 * (1 - accuracy) / accuracy, n), 1 / k, 1)
    right = np.argsort(np.argsort(rng.random(n) - confidence)) < round(accuracy * n)
    said = np.where(right, truth, (truth + rng.choice([1, 1, 1, 2, k - 1] if k > 2 else [1], n)) % k)
    confusion = np.zeros((k, k), int)
    np.add.at(confusion, (truth, said), 1)
    hit = np.diag(confusion)
    precision, recall = hit / np.maximum(confusion.sum(0), 1), hit / confusion.sum(1)
    f1 = 2 * hit / np.maximum(confusion.sum(0) + confusion.sum(1), 1)
    bins = []
    for b in range(15):
        inside = (confidence > b / 15) & (confidence <= (b + 1) / 15)
        many = int(inside.sum())
        mean = float(confidence[inside].mean()) if many else 0.0
        share = float((said == truth)[inside].mean()) if many else 0.0
        bins.append({"low": b / 15, "high": (b + 1) / 15, "n": many, "confidence": mean, "accuracy": share})
    value = float((said == truth).mean())
    return Metrics(
        accuracy=value, macro_f1=float(f1.mean()), log_loss=1.6 * (1 - value), temperature=0.82,
        ece=sum(b["n"] * abs(b["confidence"] - b["accuracy"]) for b in bins) / n, ece_before=0.061,
        accuracy_interval=wilson(value, n),
        per_class=tuple(
            {"label": name, "n": int(confusion[i].sum()), "precision": float(precision[i]), "recall": float(recall[i]),
             "f1": float(f1[i])} for i, name in enumerate(labels)
        ),
        confusion=tuple(tuple(int(v) for v in row) for row in confusion), reliability=tuple(bins),
    )  # fmt: skip


def curve(steps: int = 24, top: float = 0.71) -> tuple[dict[str, float], ...]:
    rng = np.random.default_rng(3)
    return tuple(
        {"step": 20.0 * (i + 1), "metric": float(top - (top - 0.5) * np.exp(-i / 6) + rng.normal(0, 0.012)),
         "loss": float(0.35 + 0.4 * np.exp(-i / 8) + rng.normal(0, 0.01))} for i in range(steps)
    )  # fmt: skip


TRIALS = (
    Trial("t1", "probe", "efficientnet-lite0", True, {"depth": "top", "alpha": 31.6, "C": 0.031}, 24, "finished",
          "Chosen: the best validation accuracy.", 0.959, 0.124, 6.1),
    Trial("t2", "svm", "efficientnet-lite0", True, {"depth": "top", "C": 0.01}, 24, "finished",
          "0.4 points below probe on validation, a log-loss worse by 0.03.", 0.955, 0.155, 4.7),
    Trial("t3", "prototype", "mobilenet-v2", True, {"depth": "top", "shrink": 0.1}, 12, "finished",
          "2.1 points below probe on validation.", 0.938, 0.201, 0.4),
    Trial("t4", "scratch", None, False, {"width": 32, "size": 96, "lr": 0.003, "epochs": 60}, 24, "finished",
          "The best rival that trains a network: 25 points below probe on validation.", 0.709, 0.583, 94.0, curve()),
    Trial("t5", "classical", None, False, {"features": "hog+pixels", "C": 0.1}, 24, "finished",
          "19 points below probe on validation.", 0.746, 0.541, 12.3),
    Trial("t6", "probe", "efficientnet-lite2", True, {}, 3, "dropped",
          "Dropped after 64 pictures: ranked 4th of 4 by kNN on frozen features.", 0.921, 0.24, 3.2),
    Trial("t7", "scratch", None, False, {"width": 64, "size": 128}, 1, "failed",
          "Out of memory at batch 64; the smaller network went on.", seconds=2.0),
)  # fmt: skip
TITLES = {
    "probe": "Linear probe", "svm": "Linear SVM", "prototype": "Nearest prototype",
    "scratch": "Small network from scratch",
    "classical": "HOG and pixels, linear",
}  # fmt: skip


def build(
    name: str, labels: tuple[str, ...], n_test: int, verdict: Verdict, sentence: str, winner: tuple[str, str | None],
    folder: str = "photos",
) -> dict[str, Any]:  # fmt: skip
    k = len(labels)
    accuracy = max(verdict.transfer.value, verdict.rival.value)
    got = metrics(labels, accuracy, n_test)
    strategy, source = winner
    lost = np.argwhere((np.array(got.confusion) > 0) & ~np.eye(k, dtype=bool))
    shown = np.concatenate([lost] * 12)[:12] if len(lost) else lost
    mistakes = [
        {"path": f"{folder}/{labels[i]}/IMG_{1000 + 37 * at}.jpg", "truth": labels[i], "predicted": labels[j],
         "probability": 0.98 - 0.03 * at} for at, (i, j) in enumerate(shown)
    ]  # fmt: skip
    rivals = [
        {**to_dict(r), "title": TITLES[r.strategy]}
        for r in (verdict.rival, Rival("scratch", 0.66, wilson(0.66, n_test)))
    ]
    return {
        "run": f"runs/{name}",
        "sentence": sentence,
        "task": {
            "name": name, "modality": "image", "kind": "classification", "labels": list(labels),
            "n": {"train": 40 * k, "valid": 10 * k, "test": n_test},
            "split_rule": "train/ and val/ as given: val/ is the sealed test; a stratified fifth of train/ is "
            "validation.",
            "fingerprint": "6f1d0c9b2e8a47d3c5b0",
            "classes": [{"label": c["label"], "train": 40, "valid": 10, "test": c["n"]} for c in got.per_class],
            "set_aside": [
                {"path": f"{folder}/{labels[0]}/broken.jpg", "reason": "unreadable", "detail": "Cut after 1.2 kB."},
                {"path": f"{folder}/{labels[0]}/leer.png", "reason": "empty", "detail": "0 bytes."},
                *({"path": f"{folder}/{labels[1]}/copy ({i}).jpg", "reason": "near_duplicate",
                   "detail": f"Nearly the same picture as IMG_{i}.jpg, which was kept."} for i in range(9)),
            ],
        },
        "winner": {
            "source": source, "strategy": strategy, "title": TITLES[strategy],
            "config": {"depth": "top", "C": 0.031}, "trained_params": 1281 * k, "total_params": 3_413_024 + 1281 * k,
            "reuses": source is not None, "licence": "Apache-2.0" if source else None,
            "pretrained_on": "ImageNet-1k" if source else None, "sha256": "9e" * 32 if source else None,
            "paper": "https://arxiv.org/abs/1905.11946" if source else None,
        },
        "metrics": to_dict(got),
        "verdict": to_dict(verdict),
        "rivals": rivals,
        "trials": [{**to_dict(t), "title": TITLES[t.strategy]} for t in TRIALS],
        "mistakes": mistakes,
        "spend": {"read": 2.1, "embed": 9.8, "race": 121.4, "refit": 3.3, "judge": 1.9, "report": 0.6, "total": 141.0},
        "warnings": ["The class sizes of train/ and val/ differ; accuracy is reported on val/ as it is."],
        "seed": 0,
        "environment": {"headstart": "0.1.0", "python": "3.12.4", "torch": "2.9.1", "cpu": "4 cores, avx512_bf16",
                        "engine": "openvino-bf16"},
        "created": "2025-11-04",
        "command": f"headstart fit {folder}/ --out runs/{name} --seed 0",
    }  # fmt: skip


def helps() -> dict[str, Any]:
    verdict = Verdict(
        "helps", "accuracy", 0.203, (0.131, 0.275), 0.95, 0.01,
        Rival("probe", 0.954, wilson(0.954, 153), "efficientnet-lite0"), Rival("classical", 0.752, wilson(0.752, 153)),
        153, 1, "The whole interval lies above the margin of ±1 point.",
        caveats=("One split, one seed: another draw of the training pictures may move the difference.",),
    )  # fmt: skip
    return build("hymenoptera", ("ants", "bees"), 153, verdict,
                 "Reuse helps by 20.3 points [13.1, 27.5]: 95.4 % of unseen pictures right, against 75.2 % for the "
                 "best model that starts fresh.",
                 ("probe", "efficientnet-lite0"))  # fmt: skip


def rival_wins() -> dict[str, Any]:
    labels = ("blowhole", "break", "crack", "fray", "free", "uneven", "very long name of a class of scratches")
    verdict = Verdict(
        "no_evidence", "accuracy", -0.012, (-0.048, 0.025), 0.95, 0.01,
        Rival("svm", 0.905, wilson(0.905, 240), "efficientnet-lite0"), Rival("classical", 0.917, wilson(0.917, 240)),
        240, 1, "The interval holds zero and is wider than the margin: either may be better.", needed=1850,
    )  # fmt: skip
    return build("tiles", labels, 240, verdict,
                 "Start fresh: HOG and pixels, linear is as good as anything pre-trained here (−1.2 points).",
                 ("classical", None))  # fmt: skip


def hostile() -> dict[str, Any]:
    low = Verdict(
        "hurts", "accuracy", -0.081, (-0.121, -0.042), 0.95, 0.01,
        Rival("probe", 0.81, wilson(0.81, 320), "mobilenet-v2"), Rival("classical", 0.891, wilson(0.891, 320)), 320, 2,
        'Reuse "hurts" <b>here</b>.', caveats=("<img src=http://evil.example/x.png onerror=alert(2)>",),
    )  # fmt: skip
    run = build("<b>böse</b> & Söhne", HOSTILE, 320, low, "Start fresh: reuse loses 8.1 points [4.2, 12.1].",
                ("classical", None), folder='new folder/"><svg onload=alert(3)>')  # fmt: skip
    run["run"] = "runs/o'brien $(rm -rf)"
    strange = {"path": "bro\udcffken.jpg", "reason": "strange_reason", "detail": "</details><script>"}
    run["task"]["set_aside"].append(strange)
    return run


def forty() -> dict[str, Any]:
    verdict = Verdict(
        "helps", "accuracy", 0.203, (0.17, 0.236), 0.95, 0.01,
        Rival("probe", 0.86, wilson(0.86, 800), "efficientnet-lite0"),
        Rival("classical", 0.657, wilson(0.657, 800)), 800, 1, "The whole interval lies above the margin of ±1 point.",
    )  # fmt: skip
    labels = tuple(f"species {i:02d}" for i in range(40))
    sentence = "Reuse helps by 20.3 points [17.0, 23.6]."
    return build("birds", labels, 800, verdict, sentence, ("probe", "efficientnet-lite0"))


def bare() -> dict[str, Any]:
    """No more than the JSON contract promises."""
    run = helps()
    kept = {key: run[key] for key in ("run", "trials", "seed")}
    kept["task"] = {key: run["task"][key] for key in ("name", "modality", "kind", "labels", "n")} | {"set_aside": []}
    promised = ("source", "strategy", "config", "trained_params", "total_params")
    kept["winner"] = {key: run["winner"][key] for key in promised}
    promised = ("decision", "metric", "difference", "interval", "level", "test_reads", "reason")
    kept["verdict"] = {key: run["verdict"][key] for key in promised}
    kept["verdict"]["rival"] = {"source": None, "strategy": "classical", "value": 0.752}
    kept["metrics"] = {key: run["metrics"][key] for key in ("accuracy", "macro_f1", "log_loss", "ece")}
    return kept | {"rivals": [], "warnings": [], "spend": {"total": 1.0}}


ALL = {"helps": helps, "rival_wins": rival_wins, "hostile": hostile, "forty": forty, "bare": bare}
