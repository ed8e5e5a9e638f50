"""Augmentation: turn and shift the whole scene (Shridhar et al. 2021, "perturb"), light, and a depth camera's faults."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from .scene import Demonstration, Meaning, Place, Scene, Thing


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

    def shifted(spot):
        du, dv = spot.u - mid_u, spot.v - mid_v
        return replace(spot, u=cos * du + sin * dv + mid_u + shift[0], v=cos * dv - sin * du + mid_v + shift[1])

    def moved(thing: Thing | Place):
        return replace(shifted(thing), yaw=thing.yaw + angle)

    def redone(demo: Demonstration | None) -> Demonstration | None:
        return demo and replace(demo, pick=shifted(demo.pick), place=shifted(demo.place))

    scene = replace(
        scene, color=color, height=height, labels=labels, things=tuple(map(moved, scene.things)),
        places=tuple(map(moved, scene.places)), demonstration=redone(scene.demonstration),
    )  # fmt: skip
    return scene, replace(meaning, places=tuple(map(moved, meaning.places)), named_spots=tuple(map(shifted, meaning.named_spots)))


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


def cloud(rng: np.random.Generator, shape: tuple[int, int], cells: float) -> np.ndarray:
    """Smooth noise of unit size: features of about `cells` cells, float32 [rows, cols]."""
    coarse = rng.standard_normal((max(2, int(shape[0] / cells) + 2), max(2, int(shape[1] / cells) + 2))).astype(np.float32)
    at = [np.linspace(0, coarse.shape[k] - 1.001, shape[k], dtype=np.float32) for k in (0, 1)]
    low = [a.astype(np.int32) for a in at]
    part = [(a - b)[(slice(None), None) if k == 0 else (None, slice(None))] for k, (a, b) in enumerate(zip(at, low, strict=True))]
    pick = lambda i, j: coarse[low[0] + i][:, low[1] + j]
    top = pick(0, 0) * (1 - part[1]) + pick(0, 1) * part[1]
    bottom = pick(1, 0) * (1 - part[1]) + pick(1, 1) * part[1]
    return top * (1 - part[0]) + bottom * part[0]


def texture(scene: Scene, rng: np.random.Generator, table: float, things: float) -> Scene:
    """Grain on the table with probability `table`, and print on each thing with probability `things`."""
    color = scene.color
    shape = scene.labels.shape
    if rng.random() < table:
        # Grain is longer than wide.
        grain = cloud(rng, shape, rng.uniform(2, 12)) + cloud(rng, shape, rng.uniform(15, 60))
        tint = rng.uniform(0.85, 1.15, 3) if rng.random() < 0.6 else np.array([1.08, 0.97, 0.86]) ** rng.uniform(0, 2)
        factor = (1 + grain * rng.uniform(0.01, 0.07))[..., None] * tint.astype(np.float32)
        ground = (scene.labels == 0)[..., None]
        color = np.where(ground, np.clip(color * factor, 0, 255), color).astype(np.uint8)
    for thing in scene.things:
        if rng.random() >= things:
            continue
        mask = scene.labels == thing.label
        if not mask.any():
            continue
        print_ = cloud(rng, shape, rng.uniform(2, 8)) > rng.uniform(0.4, 1.2)
        ink = rng.integers(0, 256, 3) if rng.random() < 0.7 else np.full(3, rng.choice([15, 240]))
        share = rng.uniform(0.5, 1)
        where = mask & print_
        color = color.copy() if color is scene.color else color
        color[where] = (color[where] * (1 - share) + ink * share).astype(np.uint8)
    return replace(scene, color=color)


def light_and_noise(scene: Scene, rng: np.random.Generator) -> Scene:
    """Brightness, colour cast, sensor noise, and patches in which the camera saw nothing."""
    rows, cols = scene.labels.shape
    color = scene.color.astype(np.float32)
    unseen = color.max(2, keepdims=True) == 0
    color = color * (rng.uniform(0.75, 1.2) * rng.uniform(0.93, 1.07, 3)).astype(np.float32) + rng.uniform(-8, 8)
    if rng.random() < 0.3:  # an auto-exposure that favours what is bright or dark
        color = 255 * (np.clip(color, 0, 255) / 255) ** rng.uniform(0.75, 1.3)
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
    if rng.random() < 0.2:  # a single camera's sparse returns
        lost = rng.random((rows, cols), np.float32) < rng.uniform(0.01, 0.15)
        color, height = np.where(lost[..., None], 0, color), np.where(lost, 0, height)
    return replace(scene, color=color, height=height)
