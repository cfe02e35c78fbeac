"""Augmentation: shapes, identity, and what may never happen to a glyph."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from headstart.transfer._augment import STYLES, Style, augment, standardise

STILL = Style(mirror=False, turn=0, zoom=(1, 1), shift=0, contrast=0, light=0)


def random(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def ramp(b: int, side: int) -> torch.Tensor:
    """Dark to light from left to right, [b, 3, side, side]."""
    return torch.linspace(-1, 1, side).expand(b, 3, side, side).contiguous()


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("side", [32, 64])
def test_the_shape_stays_and_chance_comes_from_the_generator(style, side):
    x = torch.randn(5, 3, side, side, generator=random())
    before, state = x.clone(), torch.get_rng_state()
    one, two, other = (augment(x, STYLES[style], random(seed)) for seed in (1, 1, 2))
    assert one.shape == x.shape
    assert one.dtype == torch.float32
    assert torch.equal(one, two)
    assert not torch.equal(one, other)
    assert torch.isfinite(one).all()
    assert torch.equal(x, before)
    assert torch.equal(torch.get_rng_state(), state)


def test_ranges_of_nothing_change_nothing():
    x = torch.randn(4, 3, 32, 32, generator=random())
    torch.testing.assert_close(augment(x, STILL, random()), x, atol=1e-4, rtol=0)


def test_a_mirror_alone_is_an_exact_mirror_of_about_half():
    x = torch.randn(200, 3, 8, 8, generator=random())
    out = augment(x, replace(STILL, mirror=True), random())
    mirrored = (out - x.flip(3)).abs().amax((1, 2, 3)) < 1e-4
    kept = (out - x).abs().amax((1, 2, 3)) < 1e-4
    assert bool((mirrored ^ kept).all())
    assert 70 < int(mirrored.sum()) < 130


def test_turning_keeps_a_disc_in_the_middle():
    across = torch.linspace(-1, 1, 33)
    disc = (across[:, None] ** 2 + across[None] ** 2 < 0.2).float().expand(20, 3, 33, 33).contiguous()
    turned = augment(disc, replace(STILL, turn=90), random())
    assert float((turned - disc).abs().mean()) < 0.02
    bar = (across[None, :].abs() < 0.3).float().expand(20, 3, 33, 33).contiguous()
    assert float((augment(bar, replace(STILL, turn=90), random()) - bar).abs().mean()) > 0.1


def left_to_right(out: torch.Tensor) -> torch.Tensor:
    """[b] right half minus left half."""
    half = out.shape[3] // 2
    return out[..., half:].mean((1, 2, 3)) - out[..., :half].mean((1, 2, 3))


def test_a_glyph_is_never_mirrored_and_a_photo_half_the_time():
    x = ramp(300, 32)
    assert bool((left_to_right(augment(x, STYLES["glyph"], random())) > 0).all())
    share = (left_to_right(augment(x, STYLES["photo"], random())) < 0).float().mean()
    assert 0.4 < float(share) < 0.6


def test_light_and_contrast_stay_in_their_ranges():
    x = torch.ones(500, 3, 4, 4)
    out = augment(x, replace(STILL, light=0.2), random())
    assert 0.19 < float((out - 1).abs().max()) <= 0.2 + 1e-5
    out = augment(x, replace(STILL, contrast=0.3), random())
    assert 0.28 < float((out - 1).abs().max()) <= 0.3 + 1e-5


def test_zoom_shows_the_middle_larger():
    x = torch.zeros(1, 3, 32, 32)
    x[..., 12:20, 12:20] = 1
    assert float(augment(x, replace(STILL, zoom=(0.5, 0.5)), random()).mean()) == pytest.approx(4 * 64 / 1024, rel=0.1)


def test_standardise():
    x = torch.from_numpy(np.random.default_rng(0).integers(0, 256, (2, 5, 5, 3), dtype=np.uint8))
    mean, std = torch.tensor([0.1, 0.5, 0.9]), torch.tensor([0.2, 0.3, 0.4])
    out = standardise(x, mean, std)
    assert out.shape == (2, 3, 5, 5)
    wanted = (x.numpy() / 255 - mean.numpy()) / std.numpy()
    np.testing.assert_allclose(out.numpy().transpose(0, 2, 3, 1), wanted, atol=1e-5)
