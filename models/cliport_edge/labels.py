"""What the net should say about a scene and a sentence: a training sample of arrays."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from .network_config import STRIDE
from .scene import Meaning, Scene, Spot, Thing
from .words import split_goal, split_words

VISIBLE_CELLS = 30  # fewer: whether the thing is there is not trained
SPOT_CELLS = 6  # radius of what counts as a part of a thing, such as a step of the stand
CUP_CELLS = 3  # the cup needs flat ground this far round its centre


@dataclass(frozen=True)
class PlaceLabel:
    u: float  # continuous cells
    v: float
    rotation: int
    residual: float  # radians that the object's turn is beyond the rotation's


@dataclass(frozen=True)
class Sample:
    color: np.ndarray  # uint8 [rows, cols, 3]
    height: np.ndarray  # float32 [rows, cols]
    tokens: np.ndarray  # int64 [max_tokens]
    slots: np.ndarray  # float32 [3, max_tokens]: words that say what to pick, where to place, what else to pick; zeros: not known
    pick: np.ndarray | None  # float32 [rows, cols], sums to 1; None: nothing to pick
    masks: np.ndarray  # float32 [4, rows/4, cols/4]: named pick, named place, valid pick, valid place
    mask_weights: np.ndarray  # float32 [4]
    remaining: float
    found: float
    known: tuple[float, float]  # weights of remaining and found
    pick_cell: tuple[int, int] | None  # the pick that the place belongs to
    places: tuple[PlaceLabel, ...]
    yaw_matters: bool
    region: np.ndarray | None  # bool [rows/4, cols/4]: where the place is, when nobody has shown it exactly
    picks: tuple[int, ...]


def sample_of(scene: Scene, meaning: Meaning, tokens: np.ndarray, rotations: int, rng: np.random.Generator) -> Sample:
    valid = np.isin(scene.labels, meaning.picks)
    named_pick, named_place = meaning.named_pick, meaning.named_place
    of_place = place_mask(scene, named_place or (), meaning.named_spots)
    full = [np.isin(scene.labels, named_pick or ()), of_place, valid, targets_mask(scene, meaning) if meaning.places else of_place]
    masks = np.stack([coarse(mask) for mask in full])
    # Which targets are free matters only while something is to be put there.
    knows_targets = bool(meaning.picks) and (bool(meaning.places) or named_place is not None)
    weights = np.array([named_pick is not None, named_place is not None, 1, knows_targets], np.float32)
    # What the sentence names: a thing to be moved, and the place where it says one.
    named = [mask.sum() for mask, names in ((full[0], named_pick), (of_place, named_place)) if names is not None]
    found = min(named, default=0)
    doable = valid.sum()
    anywhere, first = graspable(valid), first_to_move(scene, meaning)
    pick = anywhere if first == meaning.picks else graspable(np.isin(scene.labels, first))
    cell, places = None, ()
    if doable:
        us, vs = np.nonzero(pick)
        for k in rng.permutation(len(us))[:8]:
            cell = (int(us[k]), int(vs[k]))
            places = places_of(scene, meaning, cell, int(scene.labels[cell]), rotations)
            if places or not meaning.places:
                break
    shows_region = cell is not None and not meaning.places and (masks[1] > 0.5).any()
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
        pick_cell=cell if places or shows_region else None,
        places=places,
        yaw_matters=meaning.rotations,
        region=masks[1] > 0.5 if shows_region and not places else None,
        picks=meaning.picks,
    )


def first_to_move(scene: Scene, meaning: Meaning) -> tuple[int, ...]:
    """What to move first: of what is shoved or dragged, which takes others along, that which is farthest from where it goes;
    where yaw matters, the longest things that still fit, for they do in the fewest ways."""
    visible = set(np.unique(scene.labels))
    if meaning.primitive != "pick_place":
        return farthest(scene, meaning, visible)
    sides = {t.label: max(t.size) for t in scene.things if t.label in meaning.picks and t.label in visible}
    fitting = {place.thing for place in meaning.places}
    sides = {label: side for label, side in sides.items() if label in fitting} or sides
    if not meaning.rotations or not sides:
        return meaning.picks
    return tuple(label for label, side in sides.items() if side >= 0.9 * max(sides.values()))


def farthest(scene: Scene, meaning: Meaning, visible: set[int]) -> tuple[int, ...]:
    """Of the things in view those whose way is nearly as long as the longest."""
    at = {t.label: t for t in scene.things if t.label in visible and t.label in meaning.picks}
    ways: dict[int, float] = {}
    for place in meaning.places:
        if place.thing in at:
            way = math.hypot(place.u - at[place.thing].u, place.v - at[place.thing].v)
            ways[place.thing] = min(way, ways.get(place.thing, math.inf))
    return tuple(label for label, way in ways.items() if way >= 0.9 * max(ways.values())) or meaning.picks


def as_published(sample: Sample, scene: Scene) -> Sample:
    """The labels of the original: one pixel for the pick, one cell and rotation for the place, and no maps."""
    sample = replace(sample, mask_weights=np.zeros_like(sample.mask_weights))
    demo = scene.demonstration
    rows, cols = scene.labels.shape
    inside = demo is not None and all(0 <= spot.u < rows and 0 <= spot.v < cols for spot in (demo.pick, demo.place))
    if not inside or sample.pick is None:
        return replace(sample, pick=None, pick_cell=None, places=(), region=None)
    pick = np.zeros((rows, cols), np.float32)
    cell = (int(demo.pick.u), int(demo.pick.v))
    pick[cell] = 1
    return replace(sample, pick=pick, pick_cell=cell, places=(place_label(demo.place.u, demo.place.v, demo.turn),), region=None)


def place_mask(scene: Scene, labels: tuple[int, ...], spots: tuple[Spot, ...]) -> np.ndarray:
    mask = np.isin(scene.labels, labels)
    for spot in spots:
        mask |= disc(mask.shape, spot.u, spot.v)
    return mask


def targets_mask(scene: Scene, meaning: Meaning) -> np.ndarray:
    """The things that something may be put in, or the spots on those that take several, as a stand does."""
    takes_several = scene.rotations and scene.tolerance_m is not None
    if takes_several or meaning.named_spots:
        return place_mask(scene, (), tuple(Spot(p.u, p.v) for p in meaning.places))
    return place_mask(scene, tuple({p.target for p in meaning.places}), ())


def disc(shape: tuple[int, int], u: float, v: float) -> np.ndarray:
    us, vs = np.ogrid[: shape[0], : shape[1]]
    return (us + 0.5 - u) ** 2 + (vs + 0.5 - v) ** 2 <= SPOT_CELLS**2


def slots_of(sentence: str, max_tokens: int) -> np.ndarray:
    """Which words say what to pick, where to place, and what else to pick, each with an equal share; zeros where none does.

    "red and blue cubes" are the red ones and the blue cubes; where there is no "and", what else to pick is the same.
    """
    slots = np.zeros((3, max_tokens), np.float32)
    words = split_words(sentence)
    pick, place = split_goal(sentence)
    border = next((i for i in range(pick[0], pick[-1]) if words[i] == "and"), -1) if pick else -1
    this, that = [i for i in pick if i < border] or pick, [i for i in pick if i > border]
    for slot, at in zip(slots, (this, place, that), strict=True):
        at = [i for i in at if i < max_tokens]
        if at:
            slot[at] = 1 / len(at)
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
                found.append(place_label(u, v, turn, rotations))
    return tuple(found)


def place_label(u: float, v: float, turn: float, rotations: int = 36) -> PlaceLabel:
    step = 2 * math.pi / rotations
    index = round(-turn / step)
    return PlaceLabel(u, v, index % rotations, turn + index * step)


def turns(thing: Thing, yaw: float, symmetry: float, rotations: bool) -> list[float]:
    """Yaws relative to the thing's own, radians, that are all right."""
    if not rotations or symmetry == 0:
        return [0.0]
    return [yaw + k * symmetry - thing.yaw for k in range(max(1, round(2 * math.pi / symmetry)))]
