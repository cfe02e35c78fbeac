"""Target looks given to source pictures: the papers' formulas written out, and copies that are kept."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from skimage.color import lab2rgb, rgb2lab

from headstart.align.domain import _lab, style

SIDE = 64


def picture(seed: int, low: float = 90, high: float = 160) -> np.ndarray:
    """Soft blots within a range of bytes, uint8 [3, 64, 64]: nothing is cut when their colours move a little."""
    random = np.random.default_rng(seed)
    y, x = np.mgrid[:SIDE, :SIDE] / SIDE
    waves = [np.sin(2 * np.pi * (random.uniform(1, 4, 2) @ np.stack([y, x]).reshape(2, -1) + random.random()))
             for _ in range(3)]  # fmt: skip
    unit = (np.array(waves).reshape(3, SIDE, SIDE) + 1) / 2
    return np.rint(low + (high - low) * unit).astype(np.uint8)


def by_the_paper(source: np.ndarray, target: np.ndarray, half: int) -> np.ndarray:
    """Yang & Soatto 2020, equation 3, with whole spectra: M β-window of the target's amplitude, the source's phase."""
    fs, ft = (np.fft.fftshift(np.fft.fft2(x.astype(float)), axes=(1, 2)) for x in (source, target))
    middle = SIDE // 2
    mask = np.zeros((SIDE, SIDE))
    mask[middle - half : middle + half + 1, middle - half : middle + half + 1] = 1
    mixed = (mask * np.abs(ft) + (1 - mask) * np.abs(fs)) * np.exp(1j * np.angle(fs))
    return np.fft.ifft2(np.fft.ifftshift(mixed, axes=(1, 2))).real


@pytest.mark.parametrize("half", [0, 1, 5])
def test_low_frequencies_are_swapped_as_the_paper_says(half):
    source, target = picture(0), picture(1, 60, 120)
    waves = style.window(np.abs(style.spectrum(target)), 5)
    found = style.swapped(source, waves, half)
    np.testing.assert_allclose(found, by_the_paper(source, target, half).clip(0, 255), atol=0.51)
    assert np.abs(found.astype(float) - source).max() > 1
    np.testing.assert_allclose(found.mean((1, 2)), target.mean((1, 2)), atol=0.6)  # the frequency 0 is among them


def test_its_own_looks_change_nothing():
    source = picture(0)
    looks = style.Looks.of(source[None], style.Config(), 0)
    np.testing.assert_allclose(style.swapped(source, looks.waves[0], 3), source, atol=1)
    np.testing.assert_allclose(style.transferred(source, looks.means[0], looks.spreads[0]), source, atol=1)


def test_colours_have_the_targets_mean_and_spread():
    source, target = picture(0), picture(1, 100, 140)
    lab = rgb2lab(target / 255, channel_axis=0)
    found = rgb2lab(style.transferred(source, lab.mean((1, 2)), lab.std((1, 2))) / 255, channel_axis=0)
    np.testing.assert_allclose(found.mean((1, 2)), lab.mean((1, 2)), atol=0.3)
    np.testing.assert_allclose(found.std((1, 2)), lab.std((1, 2)), atol=0.3)


def test_noise_in_a_grey_picture_does_not_become_colour():
    grey = np.repeat(picture(0)[:1], 3, axis=0)
    grey[0, ::7, ::5] += 1
    found = rgb2lab(style.transferred(grey, np.array([50.0, 5, 5]), np.array([10.0, 30, 30])) / 255, channel_axis=0)
    assert found[1:].std((1, 2)).max() < 3
    flat = np.full((3, SIDE, SIDE), 80, np.uint8)
    assert len(np.unique(style.transferred(flat, np.zeros(3), np.full(3, 9.0)))) == 1


def test_cielab_is_skimages():
    wide = np.random.default_rng(0).integers(0, 256, (3, 32, 32)).astype(np.uint8)
    lab = rgb2lab(wide / 255, channel_axis=0)
    np.testing.assert_allclose(_lab.to_lab(wide), lab, atol=1e-3)
    np.testing.assert_allclose(_lab.from_lab(_lab.to_lab(wide)), wide, atol=0.01)
    paler = (lab * 0.7).astype(np.float32)
    np.testing.assert_allclose(_lab.from_lab(paler), 255 * lab2rgb(paler, channel_axis=0), atol=0.02)


def test_a_copy_is_decided_by_the_pictures_name_and_the_looks_alone():
    some = np.stack([picture(seed) for seed in range(4)])
    looks = style.Looks.of(some, style.Config(), 0)
    one = looks(picture(9), "a")
    np.testing.assert_array_equal(style.Looks.of(some, style.Config(), 0)(picture(9), "a"), one)
    assert any(not np.array_equal(looks(picture(9), name), one) for name in "bcd")
    assert one.dtype == np.uint8
    assert one.shape == (3, SIDE, SIDE)


def test_other_looks_are_kept_under_another_key():
    some, config = np.stack([picture(seed) for seed in range(3)]), style.Config()
    keys = {
        style.Looks.of(given, how, seed).key
        for given, how, seed in [
            (some, config, 0),
            (some[:2], config, 0),
            (some, replace(config, fourier=1.0), 0),
            (some, config, 1),
        ]
    }
    assert len(keys) == 4
    assert style.Looks.of(some.copy(), style.Config(), 0).key in keys
