"""What people write by hand to serve the same model: a handler of FastAPI and torch.

Run: python handlers.py RUN PORT
"""

from __future__ import annotations

import base64
import io
import sys
from functools import partial
from pathlib import Path

import numpy as np
from pydantic import BaseModel

import headstart  # noqa: F401 - lets torchvision be imported beside a CPU-only torch


class Asked(BaseModel):
    """The body of a request."""

    inputs: list[str]


class Network:
    """A run's frozen network and head in plain torch, fp32, with the transforms that timm's card names.

    Args:
        folder: of a run whose model is a head on pooled features.
    """

    def __init__(self, folder: Path) -> None:
        import torch
        from torchvision import transforms

        from headstart.kind import kind_of
        from headstart.ship.store import load
        from headstart.source.vision.backbone import load as network
        from headstart.strategy import strategy

        model = load(folder / "model")
        source, self.labels = model.source, model.labels
        spec = source.pixels
        self.net = network(source, model.weights).eval().to(memory_format=torch.channels_last)
        how = {"bicubic": transforms.InterpolationMode.BICUBIC, "bilinear": transforms.InterpolationMode.BILINEAR}
        self.transform = transforms.Compose(
            [
                transforms.Resize(int(spec.size / spec.crop), interpolation=how[spec.interpolation]),
                transforms.CenterCrop(spec.size),
                transforms.ToTensor(),
                transforms.Normalize(spec.mean, spec.std),
            ]
        )
        fitted = model.fitted
        self._depth = fitted.view.depth
        head = strategy(fitted.strategy).logits
        self._head = partial(head, fitted, source=source, weights=model.weights)
        self._decode = partial(kind_of(fitted.kind).decode, decoder=fitted.decoder)

    def read(self, coded: str):
        """A picture in base64 → [3, s, s]."""
        from PIL import Image

        return self.transform(Image.open(io.BytesIO(base64.b64decode(coded))).convert("RGB"))

    def answers(self, pictures) -> list[dict]:
        """[b, 3, s, s] → an answer each."""
        import torch

        with torch.inference_mode():
            features = self.net(pictures.contiguous(memory_format=torch.channels_last), (self._depth,))[0]
        shares = self._decode(self._head(x=features.float().numpy()))
        return [dict(zip(self.labels, np.asarray(row).tolist(), strict=True)) for row in shares]


def plain(folder: Path, port: int) -> None:
    """A handler as in the tutorials: `def`, so that FastAPI runs it in its threads."""
    import torch
    import uvicorn
    from fastapi import FastAPI

    network, app = Network(folder), FastAPI()

    @app.post("/predict")
    def predict(asked: Asked) -> dict:
        rows = network.answers(torch.stack([network.read(coded) for coded in asked.inputs]))
        return {"predictions": [{"probabilities": row} for row in rows]}

    uvicorn.run(app, host="127.0.0.1", port=port, log_level="warning", access_log=False)


if __name__ == "__main__":
    plain(Path(sys.argv[1]), int(sys.argv[2]))
