"""What is kept for a source is named by all that decides what the source computes."""

from __future__ import annotations

from dataclasses import replace

import pytest

from headstart.extract.modality.image import backbone_extractor
from headstart.extract.modality.text import text_extractor
from headstart.source import _catalogue


@pytest.mark.parametrize(
    "change",
    [
        {"origin": {"keep": "^a"}},
        {"origin": {"channels": "BGR"}},
        {"origin": {"answers": "sigmoid"}},
        {"config": {"num_classes": 3}},
        {"architecture": "resnet18"},
        {"sha256": "0" * 64},
    ],
)
def test_features_of_two_networks_from_one_file_are_kept_apart(change):
    source = _catalogue.get("mobilenet-v2")
    change = {**change, "origin": {**source.origin, **change.get("origin", {})}}
    other = replace(source, **change)
    assert source.identity != other.identity
    one, two = (backbone_extractor(each, ["top"], "torch").key for each in (source, other))
    assert one != two


def test_what_a_record_only_tells_changes_nothing():
    source = _catalogue.get("mobilenet-v2")
    other = replace(source, key="mine", title="Mine", notes="x", origin={**source.origin, "version": "9"})
    one, two = (backbone_extractor(each, ["top"], "torch").key for each in (source, other))
    assert one == two


def test_a_language_models_settings_are_part_of_its_name():
    source = _catalogue.get("minilm-l6")
    other = replace(source, config={**source.config, "num_attention_heads": 6})
    assert text_extractor(source).key != text_extractor(other).key
