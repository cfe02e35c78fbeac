"""Which packaged sources are named in the place of one that cannot be had."""

import pytest

from headstart.errors import SourceError
from headstart.source import _catalogue
from headstart.source._near import near

FIRST = {
    "resnet50": "vit-s14-saliency",  # of its size
    "efficientnet_b3.ra2_in1k": "efficientnet-lite2",  # of its family
    "vit_base_patch16_224": "vit-s14-saliency",
    "vgg19": "vgg16-edges",
    "mobilenetv3_large_100": "mobilenet-v2",
    "openai/clip-vit-base-patch32": "vit-s14-saliency",
    "bert-base-uncased": "minilm-l6",
    "hub:distilbert-base-uncased": "minilm-l6",
    "gpt2": "smollm2-135m",
}


@pytest.mark.parametrize("name", FIRST)
def test_the_nearest_by_family_then_size(name):
    assert near(name).endswith(f"Name one with --source {FIRST[name]}.")


@pytest.mark.parametrize("name", ["resnet50", "bert-base-uncased", "hub:someone/unheard-of", "timm:resnet50"])
def test_without_a_network_packaged_ones_are_named(name, monkeypatch, tmp_path):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setenv("HF_HOME", str(tmp_path))
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path))
    with pytest.raises(SourceError, match=f"Near '{name}'.*, and packaged: .* M parameters, .*Name one with --source"):
        _catalogue.get(name)


@pytest.mark.parametrize("name", ["./nofolder", "/no/such/folder", "~/bert", "my/own/bert"])
def test_a_folder_that_is_not_there_is_told_without_asking_a_hub(name):
    with pytest.raises(SourceError, match=f"^{name}, which was given as a source, is no folder with a model"):
        _catalogue.get(name)


def test_a_slip_in_a_name_of_timms_is_answered_with_what_was_meant(monkeypatch, tmp_path):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path))
    said = (
        r"\(timm has resnet50, .*\)\. The hub does not give 'resnt50'(.|\n)*Near 'resnet50' .*--source vit-s14-saliency"
    )
    with pytest.raises(SourceError, match=said):
        _catalogue.get("resnt50")
