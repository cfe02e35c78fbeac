"""The same handler in LitServe: one worker on the CPU, with dynamic batching.

Run: python lit.py RUN PORT
"""

from __future__ import annotations

import sys
from pathlib import Path

import litserve
from handlers import Network

BATCH, WAIT = 32, 0.005  # of its batches: as many as headstart's


class Api(litserve.LitAPI):
    """A picture in base64 → its probabilities."""

    def __init__(self, folder: Path) -> None:
        super().__init__(max_batch_size=BATCH, batch_timeout=WAIT)
        self.folder = folder

    def setup(self, device):
        self.network = Network(self.folder)

    def decode_request(self, request):
        return self.network.read(request["inputs"][0])

    def batch(self, inputs):
        import torch

        return torch.stack(inputs)

    def predict(self, batch):
        return self.network.answers(batch)

    def unbatch(self, output):
        return output

    def encode_response(self, output):
        return {"predictions": [{"probabilities": output}]}


if __name__ == "__main__":
    server = litserve.LitServer(Api(Path(sys.argv[1])), accelerator="cpu", workers_per_device=1, timeout=120)
    server.run(
        host="127.0.0.1", port=int(sys.argv[2]), log_level="warning", generate_client_file=False, num_api_servers=1
    )
