"""The head of a source's language task, on states made before, says what transformers says of the tokens themselves."""

import pytest
import tiny_models
import torch

from headstart.source import _catalogue, _transformers, local
from headstart.source.language import model
from headstart.transfer.training.language_task import Reader, speaker


@pytest.mark.parametrize("architecture", ["albert", "bert", "distilbert", "mpnet", "roberta", "gpt2", "llama"])
def test_the_head_of_the_file_says_what_the_whole_model_says(architecture, tmp_path, monkeypatch):
    monkeypatch.setenv("HEADSTART_CACHE", str(tmp_path / "cache"))
    folder = tiny_models.saved(architecture, tmp_path)
    source = local.find(str(folder))
    made = speaker(source, _catalogue.fetch(source), 2, []).eval()
    assert isinstance(made.head, Reader)
    kind = {"masked": "MaskedLM", "causal": "CausalLM"}[model.lm_kind(source)]
    whole = getattr(_transformers.library(), f"AutoModelFor{kind}").from_pretrained(folder).eval()
    tokens = torch.tensor([[2, 5, 9, 4, 7, 3]])
    with torch.no_grad():
        said = made(torch.stack([tokens, tokens], 1))
        torch.testing.assert_close(said, whole(input_ids=tokens).logits[0], rtol=1e-4, atol=1e-4)
