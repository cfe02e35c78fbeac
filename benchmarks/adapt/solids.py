"""Six solids, rendered plainly or "photographed": sphere tracing in numpy, then benchmarks/adapt/camera.py.

*Rendered*, as a quick script would: the solid before an even background, seen from nearly the same side at a fixed
distance, an even bright colour, one light at the upper left (Lambert's law and an ambient part), hard edges.
*Photographed*: any turn about the upright axis, seen from 10° below to 60° above and tilted by up to 25°, nearer or
farther (so that perspective differs) and off the middle, a dull colour, light from any side with a highlight (Phong),
in front of a crop of a real photograph, out of focus, under a lamp of 2,800 to 9,000 K without white balance, a stop
too dark to half a stop too bright, noise of ISO 1,600, JPEG of quality 40 to 80. It is a simulation: no shadow falls
on the background, which is as sharp as the solid and has light of its own.
"""

from __future__ import annotations

from collections.abc import Callable

import camera
import numpy as np
from numpy.typing import NDArray
from PIL import Image

Array = NDArray[np.float64]
SIDE = 96  # pixels
STEPS, NEAR, FAR = 48, 2e-3, 12.0  # of a ray: how many, how close is a hit, how far is none
SLOPE = np.array([1.6, 0.75]) / np.hypot(1.6, 0.75)  # outward normal of a cone's and a pyramid's side


def _box(q: Array) -> Array:
    """Distance to a box at the origin, of |p| less its half sides [… d]."""
    return np.linalg.norm(q.clip(0), axis=-1) + q.max(-1).clip(None, 0)


def _round(p: Array) -> Array:
    return np.hypot(p[..., 0], p[..., 2])


def _pointed(r: Array, y: Array) -> Array:
    """A lower bound of the distance to what narrows from 0.75 at y = −0.8 to a point at y = 0.8."""
    return np.maximum(r * SLOPE[0] + (y - 0.8) * SLOPE[1], -y - 0.8)


SOLIDS: dict[str, Callable[[Array], Array]] = {  # points [… 3], y upright → distances, or lower bounds of them
    "ball": lambda p: np.linalg.norm(p, axis=-1) - 0.8,
    "cube": lambda p: _box(np.abs(p) - 0.62),
    "cylinder": lambda p: _box(np.stack([_round(p) - 0.55, np.abs(p[..., 1]) - 0.8], -1)),
    "cone": lambda p: _pointed(_round(p), p[..., 1]),
    "pyramid": lambda p: _pointed(np.abs(p[..., [0, 2]]).max(-1), p[..., 1]),
    "ring": lambda p: np.hypot(_round(p) - 0.62, p[..., 1]) - 0.24,
}


def turn(yaw: float, pitch: float, roll: float) -> Array:
    """Rotation from the solid's axes to the camera's, by degrees about y, x and z."""
    a, b, c = np.deg2rad([yaw, pitch, roll])
    about_y = np.array([[np.cos(a), 0, np.sin(a)], [0, 1, 0], [-np.sin(a), 0, np.cos(a)]])
    about_x = np.array([[1, 0, 0], [0, np.cos(b), -np.sin(b)], [0, np.sin(b), np.cos(b)]])
    about_z = np.array([[np.cos(c), -np.sin(c), 0], [np.sin(c), np.cos(c), 0], [0, 0, 1]])
    return np.asarray(about_z @ about_x @ about_y)


def trace(solid: str, turned: Array, away: float, shift: Array) -> tuple[NDArray[np.bool_], Array, Array]:
    """Rays of a camera at z = `away` that looks along −z, 45° wide at 4 units.

    Returns:
        Which pixels [h w] see the solid, and of these the normals [s 3] and the ways back to the camera [s 3].
    """
    distance = SOLIDS[solid]
    at = (np.arange(SIDE) + 0.5) / SIDE * 2 - 1
    x, y = np.meshgrid(at, -at)
    ray = np.stack([x * 0.4, y * 0.4, -np.ones_like(x)], -1).reshape(-1, 3)
    ray /= np.linalg.norm(ray, axis=1, keepdims=True)
    start = np.array([0, 0, away]) - np.array([*shift, 0])
    ray_own, start_own = ray @ turned, start @ turned  # in the solid's axes
    gone, left, hit = np.zeros(len(ray)), np.arange(len(ray)), np.zeros(len(ray), bool)
    for _ in range(STEPS):
        step = distance(start_own + ray_own[left] * gone[left, None])
        gone[left] += step
        hit[left[step < NEAR]] = True
        left = left[(step >= NEAR) & (gone[left] < FAR)]
    points = start_own + ray_own[hit] * gone[hit, None]
    little = 1e-4 * np.eye(3)
    normal = np.stack([distance(points + e) - distance(points - e) for e in little], -1) @ turned.T
    normal /= np.linalg.norm(normal, axis=1, keepdims=True).clip(1e-9)
    return hit.reshape(SIDE, SIDE), normal, -ray[hit]


def _unit(v: Array) -> Array:
    return np.asarray(v / np.linalg.norm(v))


def rendered(solid: str, rng: np.random.Generator) -> camera.Light:
    """The solid as a script renders it."""
    seen, normal, _ = trace(solid, turn(rng.uniform(10, 35), rng.uniform(20, 30), 0), 4.0, np.zeros(2))
    light = np.full((SIDE, SIDE, 3), 0.75)
    shade = 0.3 + 0.7 * (normal @ _unit(np.array([-1.0, 1.5, 1.2]))).clip(0)
    light[seen] = shade[:, None] * _hue(rng, 0.85)
    return light


def photographed(solid: str, rng: np.random.Generator, behind: Image.Image) -> camera.Light:
    """The solid as if a camera had taken it in front of a part of a photograph."""
    turned = turn(rng.uniform(0, 360), rng.uniform(-10, 60), rng.uniform(-25, 25))
    seen, normal, back = trace(solid, turned, rng.uniform(3.2, 6.0), rng.uniform(-0.35, 0.35, 2))
    light = camera.linear(_crop(behind, rng))
    lamp = _unit(rng.normal(size=3) + np.array([0, 0.6, 0.8]))
    mirrored = 2 * (normal @ lamp)[:, None] * normal - lamp
    diffuse = rng.uniform(0.15, 0.4) + 0.7 * (normal @ lamp).clip(0)
    shine = rng.uniform(0, 0.5) * (mirrored * back).sum(1).clip(0) ** 20
    light[seen] = diffuse[:, None] * _hue(rng, rng.uniform(0.1, 0.6)) * rng.uniform(0.4, 1) + shine[:, None]
    light = camera.defocused(light, rng.uniform(0.4, 1.6)) * camera.lamp(rng.uniform(2800, 9000))
    gain = 16  # ISO 1,600
    return camera.sensed(light * 2.0 ** rng.uniform(-1, 0.5) / gain, 100 * gain, rng)


def _hue(rng: np.random.Generator, saturation: float) -> Array:
    """A linear colour of any hue, its brightest part 1."""
    wheel = (1 + np.cos(2 * np.pi * (rng.random() - np.array([0, 1 / 3, 2 / 3])))) / 2
    return np.asarray(1 - saturation + saturation * wheel / wheel.max())


def _crop(picture: Image.Image, rng: np.random.Generator) -> Image.Image:
    """A square part of it, of a third of its shorter side or more."""
    side = int(min(picture.size) * rng.uniform(1 / 3, 1))
    x, y = (int(rng.integers(0, length - side + 1)) for length in picture.size)
    return picture.convert("RGB").resize((SIDE, SIDE), Image.Resampling.BICUBIC, box=(x, y, x + side, y + side))
