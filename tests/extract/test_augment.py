"""Augmentation: shapes, identity, and what may never happen to a glyph."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from headstart.extract import _augment
from headstart.extract._augment import DRAWS, STYLES, Style, augment, draw, standardise

STILL = Style(mirror=False, turn=0, zoom=(1, 1), stretch=0, shift=0, contrast=0, light=0, colour=0)


def random(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


RANDOM = sorted(STYLES.keys() - {"mirror"})  # that one is the same whatever is drawn


def draws(b: int, seed: int = 0) -> np.ndarray:
    return draw([(seed, row) for row in range(b)])


def variants(picture: torch.Tensor, style: str, count: int, seed: int) -> torch.Tensor:
    return torch.from_numpy(_augment.variants(picture.numpy(), style, count, seed))


def ramp(b: int, side: int) -> torch.Tensor:
    """Dark to light from left to right, [b, 3, side, side]."""
    return torch.linspace(-1, 1, side).expand(b, 3, side, side).contiguous()


@pytest.mark.parametrize("style", RANDOM)
@pytest.mark.parametrize("side", [32, 64])
def test_the_shape_stays_and_chance_comes_from_the_draws(style, side):
    x = torch.randn(5, 3, side, side, generator=random())
    before, state = x.clone(), torch.get_rng_state()
    one, two, other = (augment(x, STYLES[style], draws(5, seed)) for seed in (1, 1, 2))
    assert one.shape == x.shape
    assert one.dtype == torch.float32
    assert torch.equal(one, two)
    assert not torch.equal(one, other)
    assert torch.isfinite(one).all()
    assert torch.equal(x, before)
    assert torch.equal(torch.get_rng_state(), state)


def test_ranges_of_nothing_change_nothing():
    x = torch.randn(4, 3, 32, 32, generator=random())
    torch.testing.assert_close(augment(x, STILL, draws(4)), x, atol=1e-4, rtol=0)


def test_a_mirror_alone_is_an_exact_mirror_of_about_half():
    x = torch.randn(200, 3, 8, 8, generator=random())
    out = augment(x, replace(STILL, mirror=0.5), draws(200))
    mirrored = (out - x.flip(3)).abs().amax((1, 2, 3)) < 1e-4
    kept = (out - x).abs().amax((1, 2, 3)) < 1e-4
    assert bool((mirrored ^ kept).all())
    assert 70 < int(mirrored.sum()) < 130


def test_the_mirror_style_mirrors_every_picture_and_nothing_else():
    picture = torch.from_numpy(np.random.default_rng(0).integers(0, 256, (3, 24, 24), np.uint8))
    assert torch.equal(variants(picture, "mirror", 2, 5)[1], picture.flip(2))


def test_turning_keeps_a_disc_in_the_middle():
    across = torch.linspace(-1, 1, 33)
    disc = (across[:, None] ** 2 + across[None] ** 2 < 0.2).float().expand(20, 3, 33, 33).contiguous()
    turned = augment(disc, replace(STILL, turn=90), draws(20))
    assert float((turned - disc).abs().mean()) < 0.02
    bar = (across[None, :].abs() < 0.3).float().expand(20, 3, 33, 33).contiguous()
    assert float((augment(bar, replace(STILL, turn=90), draws(20)) - bar).abs().mean()) > 0.1


def left_to_right(out: torch.Tensor) -> torch.Tensor:
    """[b] right half minus left half."""
    half = out.shape[3] // 2
    return out[..., half:].mean((1, 2, 3)) - out[..., :half].mean((1, 2, 3))


def test_a_glyph_is_never_mirrored_and_a_photo_half_the_time():
    x = ramp(300, 32)
    assert bool((left_to_right(augment(x, STYLES["glyph"], draws(300))) > 0).all())
    share = (left_to_right(augment(x, STYLES["photo"], draws(300))) < 0).float().mean()
    assert 0.4 < float(share) < 0.6


def test_light_and_contrast_stay_in_their_ranges():
    x = torch.ones(500, 3, 4, 4)
    out = augment(x, replace(STILL, light=0.2), draws(500))
    assert 0.19 < float((out - 1).abs().max()) <= 0.2 + 1e-5
    out = augment(x, replace(STILL, contrast=0.3), draws(500))
    assert 0.28 < float((out - 1).abs().max()) <= 0.3 + 1e-5


def test_zoom_shows_the_middle_larger():
    x = torch.zeros(1, 3, 32, 32)
    x[..., 12:20, 12:20] = 1
    assert float(augment(x, replace(STILL, zoom=(0.5, 0.5)), draws(1)).mean()) == pytest.approx(4 * 64 / 1024, rel=0.1)


def test_standardise():
    x = torch.from_numpy(np.random.default_rng(0).integers(0, 256, (2, 5, 5, 3), dtype=np.uint8))
    mean, std = torch.tensor([0.1, 0.5, 0.9]), torch.tensor([0.2, 0.3, 0.4])
    out = standardise(x, mean, std)
    assert out.shape == (2, 3, 5, 5)
    wanted = (x.numpy() / 255 - mean.numpy()) / std.numpy()
    np.testing.assert_allclose(out.numpy().transpose(0, 2, 3, 1), wanted, atol=1e-5)


def test_each_picture_is_changed_by_its_own_seed_whatever_its_company():
    x = torch.randn(6, 3, 16, 16, generator=random())
    together = augment(x, STYLES["photo"], draw([(5, row) for row in range(6)]))
    for row in (4, 1):
        alone = augment(x[row : row + 1], STYLES["photo"], draw([(5, row)]))
        torch.testing.assert_close(alone[0], together[row], atol=1e-5, rtol=0)


def test_draws_are_uniform_and_of_each_seed_its_own():
    from scipy.stats import kstest

    found = draws(500)
    assert found.shape == (500, DRAWS)
    assert found.dtype == np.float32
    assert kstest(found.ravel(), "uniform").pvalue > 0.001
    assert len(np.unique(found[:, 0])) > 490
    assert draw([]).shape == (0, DRAWS)


def test_colour_changes_saturation_and_leaves_grey_alone():
    grey = torch.full((50, 3, 4, 4), 0.3)
    strong = replace(STILL, colour=0.3)
    torch.testing.assert_close(augment(grey, strong, draws(50)), grey)
    red = torch.zeros(500, 3, 4, 4)
    red[:, 0] = 0.9  # its mean over the channels is 0.3
    out = augment(red, strong, draws(500))
    torch.testing.assert_close(out.mean(1), red.mean(1))
    factor = (out[:, 0] - 0.3) / 0.6
    assert 0.68 < float(factor.min()) < 0.75
    assert 1.25 < float(factor.max()) < 1.32
    torch.testing.assert_close((out[:, 1] - 0.3) / -0.3, factor)


def test_stretch_makes_width_and_height_differ():
    x = torch.zeros(300, 3, 64, 64)
    x[..., 24:40, 24:40] = 1
    lit = augment(x, replace(STILL, stretch=0.2), draws(300))[:, 0] > 0.5
    tall, wide = lit.any(2).sum(1), lit.any(1).sum(1)
    assert bool((tall == 16).all()), "the height is the zoom's alone"
    assert 13 <= int(wide.min()) <= 14
    assert 19 <= int(wide.max()) <= 20


@pytest.mark.parametrize("style", RANDOM)
def test_variants_are_the_picture_itself_and_copies_of_it(style):
    picture = torch.from_numpy(np.random.default_rng(0).integers(0, 256, (3, 24, 24), np.uint8))
    given = picture.clone()
    five = variants(picture, style, 5, 1)
    assert five.shape == (5, 3, 24, 24)
    assert five.dtype == torch.uint8
    assert torch.equal(five[0], picture)
    assert torch.equal(picture, given)
    assert len({copy.numpy().tobytes() for copy in five}) == 5
    assert torch.equal(five[:3], variants(picture, style, 3, 1)), "more copies leave the first ones as they are"
    assert not torch.equal(five[1], variants(picture, style, 5, 2)[1])
    assert float((five[1:].float() - picture.float()).abs().mean()) > 3


def test_copies_of_a_plain_picture_differ_by_light_alone():
    """No border may come in: where all is of one colour, every copy is of one colour, within the range of light."""
    copies = variants(torch.full((3, 16, 16), 128, dtype=torch.uint8), "photo", 40, 3)
    spread = copies.flatten(1).float()
    assert float((spread.amax(1) - spread.amin(1)).max()) <= 1
    assert 20 < float(spread.max() - spread.min()) <= 0.2 * 2 * 255 * 0.25 + 1
