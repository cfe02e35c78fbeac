"""A source of pictures read at fewer pixels: "NAME@128"."""

import pytest

from headstart.errors import SourceError
from headstart.source import _catalogue
from headstart.source.files.cache import place


def test_a_convolutional_source_is_read_at_fewer_pixels_and_costs_that_much_less():
    whole, less = (_catalogue.get(key) for key in ("mobilenet-v2", "mobilenet-v2@128"))
    assert less.pixels.size == 128
    assert (less.params, less.widths) == (whole.params, whole.widths)
    assert less.macs == pytest.approx(whole.macs * (128 / 224) ** 2, rel=0.02)
    assert less.identity != whole.identity
    assert place(less) == place(whole), "one file of weights"


@pytest.mark.parametrize(
    ("key", "said"),
    [
        ("mobilenet-v2@300", "reads pictures of 64 to 224 pixels a side, not 300"),
        ("mobilenet-v2@9", "reads pictures of 64 to 224 pixels a side, not 9"),
        ("vit-s14-saliency@112", "reads pictures of 224 pixels alone"),
    ],
)
def test_what_cannot_be_read_so_is_said(key, said):
    with pytest.raises(SourceError, match=said):
        _catalogue.get(key)
