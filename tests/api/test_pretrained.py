"""A finished run's model as a folder for timm and transformers, with its card."""

from __future__ import annotations

import numpy as np
import pytest
from huggingface_hub import ModelCard
from PIL import Image

import headstart
from headstart.errors import UsageError
from headstart.source import _transformers
from headstart.source.vision import timm

SEEN = 0.03  # of probabilities: the run reads in half precision, and bytes are rounded in two ways


@pytest.fixture(scope="module")
def saved(finished, tmp_path_factory):
    run = headstart.load(finished.out, take="transfer")
    return run, run.save_pretrained(tmp_path_factory.mktemp("saved") / "birds"), sorted(finished.data.rglob("*.jpg"))


def test_real_files_get_the_runs_own_answers(saved):
    run, folder, paths = saved
    library = _transformers.library()
    model = library.AutoModelForImageClassification.from_pretrained(folder, trust_remote_code=True)
    processor = library.AutoImageProcessor.from_pretrained(folder)
    pictures = [Image.open(path).convert("RGB") for path in paths]
    found = model(**processor(pictures, return_tensors="pt")).logits.softmax(1).detach().numpy()
    labels = [model.config.id2label[at] for at in range(2)]
    wanted = np.array([[row.probabilities[label] for label in labels] for row in run.predict(paths)])
    np.testing.assert_allclose(found, wanted, atol=SEEN)
    network = timm.library().create_model(f"local-dir:{folder}", pretrained=True)
    assert network.num_features == model.config.num_features
    assert timm.library().data.resolve_model_data_config(network)["input_size"][1:] == [224, 224]


def test_the_card_is_read_by_the_hubs_own_library(saved):
    run, folder, _ = saved
    card = ModelCard.load(folder / "README.md")
    assert card.data.library_name == "timm"
    told = [card.data.license, str(card.data.to_dict().get("license_name", "")).lower()]
    assert run.model.source.licence.lower() in told
    assert card.data.pipeline_tag == "image-classification"
    assert run.model.source.key in card.data.tags
    assert 'AutoModelForImageClassification.from_pretrained("birds", trust_remote_code=True)' in card.text
    own = run.record["winner"]["source"] is not None
    assert bool(card.data.eval_results) == own, "figures are of the run's winner, and no other model's"


def test_a_rival_says_what_to_do(finished, tmp_path):
    run = headstart.load(finished.out, take="rival")
    with pytest.raises(UsageError, match=r"reuses no network of theirs\. Take the run's other model"):
        run.save_pretrained(tmp_path / "out")
    assert [*tmp_path.iterdir()] == []
