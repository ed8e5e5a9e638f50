"""Augmentation: turn and shift the whole scene (Shridhar et al. 2021, "perturb"), light, and a depth camera's faults."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from .scene import Meaning, Place, Scene, Thing


def turn_and_shift(scene: Scene, meaning: Meaning, angle: float, shift: tuple[float, float], fill) -> tuple[Scene, Meaning]:
    """Turns by `angle` (radians, v towards u) round the middle and shifts by `shift` (du, dv) cells.

    Cells that come from outside get the colour `fill`, height 0 and no label.
    """
    rows, cols = scene.labels.shape
    cos, sin = math.cos(angle), math.sin(angle)
    mid_u, mid_v = rows / 2, cols / 2
    u, v = np.meshgrid(
        np.arange(rows, dtype=np.float32) + 0.5 - mid_u - shift[0],
        np.arange(cols, dtype=np.float32) + 0.5 - mid_v - shift[1],
        indexing="ij",
    )
    from_u = np.floor(cos * u - sin * v + mid_u).astype(np.int32)
    from_v = np.floor(sin * u + cos * v + mid_v).astype(np.int32)
    outside = (from_u < 0) | (from_u >= rows) | (from_v < 0) | (from_v >= cols)
    index = (from_u * cols + from_v).clip(0, rows * cols - 1)
    color = scene.color.reshape(-1, 3)[index]
    height, labels = scene.height.ravel()[index], scene.labels.ravel()[index]
    color[outside], height[outside], labels[outside] = fill, 0, 0

    def moved(thing: Thing | Place):
        du, dv = thing.u - mid_u, thing.v - mid_v
        return replace(
            thing, u=cos * du + sin * dv + mid_u + shift[0], v=cos * dv - sin * du + mid_v + shift[1], yaw=thing.yaw + angle
        )

    scene = replace(
        scene, color=color, height=height, labels=labels,
        things=tuple(map(moved, scene.things)), places=tuple(map(moved, scene.places)),
    )  # fmt: skip
    return scene, replace(meaning, places=tuple(map(moved, meaning.places)))


def random_turn_and_shift(scene: Scene, meaning: Meaning, rng: np.random.Generator) -> tuple[Scene, Meaning]:
    """Like the published augmentation (60 degrees, a sixth of the map), and half of the time only a slight one.

    Something to pick stays on the map where there was something.
    """
    table = np.median(scene.color[scene.labels == 0][::97], axis=0) if (scene.labels == 0).any() else np.zeros(3)
    for _ in range(10):
        wide = rng.random() < 0.5
        angle = rng.normal(0, math.radians(60 if wide else 10))
        shift = tuple(rng.normal(0, 26 if wide else 8, 2))
        fill = table if rng.random() < 0.7 else np.zeros(3)
        turned, meant = turn_and_shift(scene, meaning, angle, shift, fill)
        if not meaning.picks or np.isin(turned.labels, meaning.picks).sum() >= 60:
            return turned, meant
    return scene, meaning


def light_and_noise(scene: Scene, rng: np.random.Generator) -> Scene:
    """Brightness, colour cast, sensor noise, and patches in which the camera saw nothing."""
    rows, cols = scene.labels.shape
    color = scene.color.astype(np.float32)
    unseen = color.max(2, keepdims=True) == 0
    color = color * (rng.uniform(0.8, 1.15) * rng.uniform(0.94, 1.06, 3)).astype(np.float32) + rng.uniform(-8, 8)
    if rng.random() < 0.5:
        color += rng.standard_normal((rows, cols, 1), np.float32) * np.float32(rng.uniform(0, 6))
    height = scene.height
    if rng.random() < 0.5:
        noise = rng.standard_normal((rows, cols), np.float32) * np.float32(rng.uniform(0, 0.002))
        height = np.where(height > 0, np.maximum(height + noise, 0), 0)
    color = np.where(unseen, 0, np.clip(color, 0, 255)).astype(np.uint8)
    if rng.random() < 0.3:
        color, height = color.copy(), height.copy()
        for _ in range(rng.integers(1, 12)):
            u, v, size_u, size_v = rng.integers(rows), rng.integers(cols), *rng.integers(2, 9, 2)
            color[u : u + size_u, v : v + size_v] = 0
            height[u : u + size_u, v : v + size_v] = 0
    return replace(scene, color=color, height=height)
