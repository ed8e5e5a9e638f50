"""What the net should say about a scene and a sentence: a training sample of arrays."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from .model import STRIDE
from .scene import Meaning, Scene, Thing, named_at

VISIBLE_CELLS = 30  # fewer: whether the thing is there is not trained
CUP_CELLS = 3  # the cup needs flat ground this far round its centre


@dataclass(frozen=True)
class PlaceLabel:
    u: float  # continuous cells
    v: float
    rotation: int


@dataclass(frozen=True)
class Sample:
    color: np.ndarray  # uint8 [rows, cols, 3]
    height: np.ndarray  # float32 [rows, cols]
    tokens: np.ndarray  # int64 [max_tokens]
    slots: np.ndarray  # float32 [2, max_tokens]: words that say what to pick, and where to place; zeros: not known
    pick: np.ndarray | None  # float32 [rows, cols], sums to 1; None: nothing to pick
    masks: np.ndarray  # float32 [4, rows/4, cols/4]: named pick, named place, valid pick, valid place
    mask_weights: np.ndarray  # float32 [4]
    remaining: float
    found: float
    known: tuple[float, float]  # weights of remaining and found
    pick_cell: tuple[int, int] | None  # the pick that the place belongs to
    places: tuple[PlaceLabel, ...]
    picks: tuple[int, ...]


def sample_of(scene: Scene, meaning: Meaning, tokens: np.ndarray, rotations: int, rng: np.random.Generator) -> Sample:
    valid = np.isin(scene.labels, meaning.picks)
    targets = tuple({p.target for p in meaning.places})
    named_pick, named_place = meaning.named_pick, meaning.named_place
    full = [np.isin(scene.labels, named_pick or ()), np.isin(scene.labels, named_place or ()), valid, np.isin(scene.labels, targets)]
    masks = np.stack([coarse(mask) for mask in full])
    # Which bowls are free matters only while something is to be put there.
    weights = np.array([named_pick is not None, named_place is not None, 1, bool(meaning.picks)], np.float32)
    found = full[0].sum()
    doable = valid.sum()
    pick = graspable(valid)
    cell, places = None, ()
    if doable:
        us, vs = np.nonzero(pick)
        for k in rng.permutation(len(us))[:8]:
            cell = (int(us[k]), int(vs[k]))
            places = places_of(scene, meaning, cell, int(scene.labels[cell]), rotations)
            if places:
                break
    return Sample(
        color=scene.color,
        height=scene.height.astype(np.float32),
        tokens=tokens,
        slots=slots_of(meaning.sentence, len(tokens)),
        pick=pick / pick.sum() if doable else None,
        masks=masks,
        mask_weights=weights,
        remaining=float(doable > 0),
        found=float(found > 0),
        known=(float(is_clear(doable) and meaning.remaining == bool(meaning.picks)), float(is_clear(found) and named_pick is not None)),
        pick_cell=cell if places else None,
        places=places,
        picks=meaning.picks,
    )


def slots_of(sentence: str, max_tokens: int) -> np.ndarray:
    """In a sentence of two things, the first is to be picked and the second is the place: half colour, half noun."""
    slots, at = np.zeros((2, max_tokens), np.float32), named_at(sentence)
    if len(at) == 2 and at[1] + 1 < max_tokens:
        for slot, i in zip(slots, at, strict=True):
            slot[i : i + 2] = 0.5
    return slots


def is_clear(cells: int) -> bool:
    return cells == 0 or cells >= VISIBLE_CELLS


def coarse(mask: np.ndarray) -> np.ndarray:
    """Share of each trunk cell that the mask covers."""
    rows, cols = mask.shape
    return mask.reshape(rows // STRIDE, STRIDE, cols // STRIDE, STRIDE).mean((1, 3), dtype=np.float32)


def graspable(mask: np.ndarray) -> np.ndarray:
    """The mask without its rim, where a cup would not seal; the whole mask when nothing else is left. float32."""
    inner = mask.copy()
    for _ in range(CUP_CELLS):
        grown = np.zeros_like(inner)
        grown[1:-1, 1:-1] = inner[1:-1, 1:-1] & inner[:-2, 1:-1] & inner[2:, 1:-1] & inner[1:-1, :-2] & inner[1:-1, 2:]
        inner = grown
    return (inner if inner.any() else mask).astype(np.float32)


def places_of(scene: Scene, meaning: Meaning, pick: tuple[int, int], label: int, rotations: int) -> tuple[PlaceLabel, ...]:
    """Where the point under the cup has to go, for every valid place and every equivalent yaw, on the map.

    Where yaw does not matter, the one label is not to turn: any other asks the arm to move for nothing.
    """
    thing = next((t for t in scene.things if t.label == label), None)
    rows, cols = scene.labels.shape
    found = []
    for place in meaning.places:
        if thing is None or place.thing != label:
            continue
        for turn in turns(thing, place.yaw, place.symmetry, meaning.rotations):
            cos, sin = math.cos(turn), math.sin(turn)
            du, dv = pick[0] - thing.u, pick[1] - thing.v
            u, v = place.u + cos * du + sin * dv, place.v + cos * dv - sin * du
            if 0 <= u < rows and 0 <= v < cols:
                found.append(PlaceLabel(u, v, round(-turn / (2 * math.pi) * rotations) % rotations))
    return tuple(found)


def turns(thing: Thing, yaw: float, symmetry: float, rotations: bool) -> list[float]:
    """Yaws relative to the thing's own, radians, that are all right."""
    if not rotations or symmetry == 0:
        return [0.0]
    return [yaw + k * symmetry - thing.yaw for k in range(max(1, round(2 * math.pi / symmetry)))]
