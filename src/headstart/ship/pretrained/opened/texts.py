"""A network of sentence-transformers' with the head that headstart put on it.

    from transformers import AutoModelForSequenceClassification, AutoTokenizer
    model = AutoModelForSequenceClassification.from_pretrained(FOLDER, trust_remote_code=True)

The network alone: `SentenceTransformer(FOLDER)`, whose vectors are the head's features.
"""

from __future__ import annotations

from typing import Any

from safetensors.torch import load_file
from sentence_transformers import SentenceTransformer
from torch import Tensor
from transformers import PretrainedConfig, PreTrainedModel
from transformers.modeling_outputs import SequenceClassifierOutput
from transformers.utils import cached_file

from .headstart_head import Head


class HeadstartConfig(PretrainedConfig):
    """config.json: the head's steps."""

    model_type = "headstart_texts"


class HeadstartForSequenceClassification(PreTrainedModel):
    """`body` (sentence-transformers' model) and `head`."""

    config_class = HeadstartConfig

    def __init__(self, config: Any) -> None:  # noqa: ANN401 - transformers' own
        super().__init__(config)
        self.head = Head(config.head)
        self.post_init()

    @classmethod
    def from_pretrained(cls, place: Any, *_: Any, config: Any = None, **more: Any) -> Any:  # noqa: ANN401
        """The network as sentence-transformers opens it, the head from head.safetensors."""
        hub = {name: more[name] for name in ("revision", "token") if more.get(name)}
        model = cls(config or cls.config_class.from_pretrained(place, **hub))
        model.body = SentenceTransformer(str(place), device="cpu", **hub)
        model.head.load_state_dict(load_file(cached_file(place, "head.safetensors", **hub)))
        return model.eval()

    def forward(
        self,
        input_ids: Tensor,
        attention_mask: Tensor,
        token_type_ids: Tensor | None = None,
        labels: Tensor | None = None,
        **_: Any,  # noqa: ANN401
    ) -> SequenceClassifierOutput:
        """Tokens [b, l] → logits [b, k]; with labels their loss too."""
        given = {"input_ids": input_ids, "attention_mask": attention_mask}
        given |= {} if token_type_ids is None else {"token_type_ids": token_type_ids}
        logits = self.head(self.body(given)["sentence_embedding"])
        loss = None if labels is None else self.loss_function(labels, logits, self.config)
        return SequenceClassifierOutput(loss=loss, logits=logits)
