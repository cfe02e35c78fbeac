"""The parity gate lets a right artefact through and refuses wrong preprocessing, however sure the model is."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PIL import Image
from tokenizers import Tokenizer
from tokenizers.normalizers import Lowercase

import exported
from headstart.errors import HeadstartError
from headstart.ship.export._artefact import save
from headstart.ship.export._gate import passed
from headstart.ship.export._reading import Reading
from headstart.ship.export.torch import opened


@pytest.fixture(scope="module")
def shown(tmp_path_factory):
    return exported.pictures(tmp_path_factory.mktemp("shown"))


@pytest.fixture(scope="module")
def right(shown, tmp_path_factory):
    """A right artefact of a picture probe."""
    return save(tmp_path_factory.mktemp("right"), exported.probe(), "torch", "fp32", shown)


def refused(found):
    assert not found.within
    with pytest.raises(
        HeadstartError, match=r"The thing does not predict what the run predicts: of 12 real \w+ \d+ are"
    ):
        passed(found, "The thing")


def test_a_right_one_passes_with_its_figures(right, shown, tmp_path):
    found = exported.parity(exported.probe(), right, shown, tmp_path)
    assert passed(found, "it") is found
    assert found.same == 1
    assert found.worst < 1e-4
    assert "of 12 real pictures 12 are answered as by the run (100.0 %)" in found.sentence


def test_no_normalisation_is_caught(shown, tmp_path):
    model = exported.probe()
    plain = replace(model.source, input=replace(model.source.pixels, mean=(0.0,) * 3, std=(1.0,) * 3))
    wrong = save(tmp_path / "wrong", replace(model, source=plain), "torch", "fp32", shown)
    refused(exported.parity(model, wrong, shown, tmp_path / "rows"))


def test_swapped_colours_are_caught(right, shown, tmp_path):
    run = opened(right.folder, "fp32")
    refused(exported.parity(exported.probe(), Reading(right, lambda x: run(x[:, ::-1])), shown, tmp_path))


class Nearest(Reading):
    """Resizes as nobody does."""

    def _read(self, example):
        side = self._model.source.pixels.size
        picture = Image.open(example.path)
        scale = side / min(picture.size)
        wide = picture.resize([round(scale * x) for x in picture.size], Image.Resampling.NEAREST)
        left = (wide.width - side) // 2
        return np.asarray(wide.crop((left, 0, left + side, side))).transpose(2, 0, 1)[None]


def test_another_resizing_is_caught(right, shown, tmp_path):
    refused(exported.parity(exported.probe(), Nearest(right, opened(right.folder, "fp32")), shown, tmp_path))


def test_a_lower_cased_text_is_caught(tmp_path):
    model, shown = exported.probe("text"), exported.texts()
    made = save(tmp_path / "made", model, "torch", "fp32", shown)
    assert exported.parity(model, made, shown, tmp_path / "rows").within
    lower = Tokenizer.from_file(str(made.weights))
    lower.normalizer = Lowercase()
    lower.save(str(tmp_path / "lower.json"))
    refused(exported.parity(model, replace(made, weights=tmp_path / "lower.json"), shown, tmp_path / "rows"))


def test_it_looks_behind_probabilities_that_are_all_near_one(right, shown, tmp_path):
    sure = replace(exported.probe().fitted, decoder={"temperature": 1e-3})
    model = replace(exported.probe(), fitted=sure)
    run = opened(right.folder, "fp32")
    dimmed = Reading(right, lambda x: run(np.asarray(x * 0.9, np.uint8)))
    found = exported.parity(model, dimmed, shown, tmp_path)
    assert found.scores > found.tolerance.scores
    refused(found)
