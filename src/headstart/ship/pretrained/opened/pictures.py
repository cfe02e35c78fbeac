"""A network of timm's with the head that headstart put on it.

    from transformers import AutoImageProcessor, AutoModelForImageClassification
    model = AutoModelForImageClassification.from_pretrained(FOLDER, trust_remote_code=True)

The network alone: `timm.create_model("local-dir:FOLDER", pretrained=True)`, which gives the head's features.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import timm
from huggingface_hub import snapshot_download
from safetensors.torch import load_file
from torch import Tensor
from transformers import PretrainedConfig, PreTrainedModel
from transformers.modeling_outputs import ImageClassifierOutput

from .headstart_head import Head


class HeadstartConfig(PretrainedConfig):
    """config.json: timm's `architecture` and `model_args`, and the head's steps."""

    model_type = "headstart_pictures"


class HeadstartForImageClassification(PreTrainedModel):
    """`body` (timm's network) and `head`."""

    config_class = HeadstartConfig
    main_input_name = "pixel_values"

    def __init__(self, config: Any) -> None:  # noqa: ANN401 - transformers' own
        super().__init__(config)
        self.body = timm.create_model(config.architecture, pretrained=False, **config.model_args)
        self.head = Head(config.head)
        self.post_init()

    @classmethod
    def from_pretrained(cls, place: Any, *_: Any, config: Any = None, **more: Any) -> Any:  # noqa: ANN401
        """The network from model.safetensors, the head from head.safetensors."""
        folder = Path(place)
        if not folder.is_dir():
            folder = Path(snapshot_download(str(place), revision=more.get("revision"), token=more.get("token")))
        if not (folder / "head.safetensors").is_file():  # what `save_pretrained` of this class wrote
            return super().from_pretrained(place, *_, config=config, **more)
        model = cls(config or cls.config_class.from_pretrained(folder))
        model.body.load_state_dict(load_file(folder / "model.safetensors"))
        model.head.load_state_dict(load_file(folder / "head.safetensors"))
        return model.eval()

    def forward(self, pixel_values: Tensor, labels: Tensor | None = None, **_: Any) -> ImageClassifierOutput:  # noqa: ANN401
        """Normalised pictures [b, 3, s, s] → logits [b, k]; with labels their loss too."""
        logits = self.head(self.body(pixel_values))
        loss = None if labels is None else self.loss_function(labels, logits, self.config)
        return ImageClassifierOutput(loss=loss, logits=logits)
