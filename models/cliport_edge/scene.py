"""An observation as training sees it, and what the sentence that it was recorded with means in it.

Which objects a sentence names, which of them are still to be moved and where to, follows from the truth alone. Other
sentences about the same scene: questions.py.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from .packing import Rectangle, best_spots
from .words import is_called, names_of

WALL_M = 0.004  # of the open box
ROOMY_M = 0.15  # side of a box from which on it is meant for several things


@dataclass(frozen=True)
class Thing:
    label: int
    kind: str
    color: str
    u: float  # continuous cells
    v: float
    yaw: float  # radians
    size: tuple[float, float]  # cells, along its own x and y
    names: tuple[str, ...] = ()  # what sentences call it, singular

    @property
    def nouns(self) -> tuple[str, ...]:
        return self.names or names_of(self.kind)

    def is_called(self, noun: Sequence[str]) -> bool:
        """@param noun its words"""
        return is_called(self.nouns, noun)


@dataclass(frozen=True)
class Place:
    """Where a thing may go: the pose of its own frame."""

    thing: int
    target: int
    u: float
    v: float
    yaw: float
    symmetry: float  # radians; 0: any yaw is right


@dataclass(frozen=True)
class Spot:
    """A part of a thing, round its middle in continuous cells."""

    u: float
    v: float


@dataclass(frozen=True)
class Room:
    """A spot of a thing in or on which nothing lies yet."""

    target: int
    u: float
    v: float
    yaw: float
    size: tuple[float, float]  # cells, along the spot's own x and y


@dataclass(frozen=True)
class Demonstration:
    """What was done next."""

    pick: Spot
    place: Spot
    turn: float  # radians, v towards u


@dataclass(frozen=True)
class Scene:
    color: np.ndarray  # uint8 [rows, cols, 3]
    height: np.ndarray  # float32 [rows, cols]
    labels: np.ndarray  # uint8 [rows, cols]
    things: tuple[Thing, ...]
    task: str
    goal: str
    picks: tuple[int, ...]
    places: tuple[Place, ...]
    rotations: bool
    remaining: bool
    pixel_m: float
    demonstration: Demonstration | None = None
    named: Named | None = None  # by the sentence that it was recorded with; None: only its words tell
    tolerance_m: float | None = None  # of a place; None: the thing must lie inside the target
    colored: tuple[tuple[str, ...], tuple[str, ...]] = ((), ())  # kinds that sentences name by colour: to pick, as the place
    primitive: str = "pick_place"  # how its things are moved
    rooms: tuple[Room, ...] = ()  # where something may be put, in scenes that are only talked about
    own: Meaning | None = None  # of the sentence that it was recorded with

    @property
    def is_captioned(self) -> bool:
        """Nothing was done in it."""
        return self.task.startswith("captioned")


@dataclass(frozen=True)
class Named:
    """What a sentence names, done or not; labels of things."""

    picks: tuple[int, ...]
    places: tuple[int, ...]
    spots: tuple[Spot, ...]


@dataclass(frozen=True)
class Meaning:
    """What a sentence means in a scene; labels of things."""

    sentence: str
    named_pick: tuple[int, ...] | None  # None: not known, nothing is trained from it
    named_place: tuple[int, ...] | None
    picks: tuple[int, ...]
    places: tuple[Place, ...]
    rotations: bool
    remaining: bool
    # Instead of all of the things named as the place, these parts of one.
    named_spots: tuple[Spot, ...] = ()
    primitive: str = "pick_place"


def scene_of(sample: dict, color: np.ndarray, height: np.ndarray, labels: np.ndarray) -> Scene:
    """A line of samples.jsonl and its arrays. What a recording does not tell (an imported one) is not known."""
    space, truth = sample["workspace"], sample["truth"]
    pixel = space["pixelM"]
    cell = lambda p: ((p[1] - space["yMinM"]) / pixel, (p[0] - space["xMinM"]) / pixel)
    names, colored = truth.get("names", {}), truth.get("colored", {"pick": (), "place": ()})
    scene = Scene(
        color=np.array(color),
        height=np.asarray(height, np.float32),
        labels=np.array(labels),
        things=tuple(
            Thing(
                o["label"], o["kind"], o["color"], *cell(o["p_base_m"]), o["yawRad"],
                tuple(side / pixel for side in o["sizeM"][:2]), names_of(o["kind"], names.get(o["kind"], ())),
            )
            for o in truth["objects"]
        ),
        task=sample["task"],
        goal=truth["goal"],
        picks=tuple(truth["validPicks"]),
        places=tuple(
            Place(p["object"], p["target"], *cell(p["p_base_m"]), p["yawRad"], p["symmetryRad"]) for p in truth["validPlaces"]
        ),
        rotations=truth["rotations"],
        remaining=truth["remaining"],
        pixel_m=pixel,
        demonstration=demonstration_of(sample["action"]),
        named=named_in(truth, cell),
        tolerance_m=truth["toleranceM"] if "toleranceM" in truth else tolerance_before(truth),
        colored=(tuple(colored["pick"]), tuple(colored["place"])),
        primitive=truth.get("primitive", "pick_place"),
        rooms=tuple(
            Room(free["target"], *cell(free["p_base_m"]), free["yawRad"], tuple(side / pixel for side in free["roomM"]))
            for free in truth.get("freePlaces", ())
        ),
    )  # fmt: skip
    return scene if scene.is_captioned else replace(scene, own=own_goal(scene))


def named_in(truth: dict, cell) -> Named | None:
    """None in recordings that do not tell."""
    named = truth.get("named")
    if named is None:
        return None
    return Named(tuple(named["picks"]), tuple(named["places"]), tuple(Spot(*cell(p)) for p in named["spots_base_m"]))


def tolerance_before(truth: dict) -> float | None:
    """In recordings that do not tell (those of 0.2.0, of three tasks)."""
    kinds = {o["kind"] for o in truth["objects"]}
    return None if "box" in kinds else 0.05 if "bowl" in kinds else 0.01


def demonstration_of(action: dict | None) -> Demonstration | None:
    """Nothing is to be learnt from actions that were disturbed on purpose."""
    if action is None or action["perturbed"] or "pick" not in action or action.get("primitive") == "push":
        return None
    spot = lambda pose: Spot(pose["pixel"][0] + 0.5, pose["pixel"][1] + 0.5)
    return Demonstration(spot(action["pick"]), spot(action["place"]), action["place"]["yawRad"])


def labels_of(things: Iterable[Thing]) -> tuple[int, ...]:
    return tuple(thing.label for thing in things)


def own_goal(scene: Scene) -> Meaning:
    """The goal that the scene was recorded with, as the cell told it."""
    named = scene.named or Named((), (), ())
    box = packed_box(scene)
    return Meaning(
        sentence=scene.goal,
        named_pick=None if scene.named is None else named.picks,
        named_place=None if scene.named is None else named.places,
        picks=scene.picks,
        places=scene.places if box is None else places_in_box(scene, box, scene.picks),
        rotations=scene.rotations,
        remaining=scene.remaining,
        named_spots=named.spots,
        primitive=scene.primitive,
    )


def packed_box(scene: Scene) -> Thing | None:
    """The box that the sentence's things must lie inside, where it is meant for several: where each goes depends on where the
    others lie by now."""
    if scene.named is None or not scene.rotations or scene.tolerance_m is not None:
        return None
    return next((t for t in scene.things if t.label in scene.named.places and is_roomy(scene, t)), None)


def is_roomy(scene: Scene, box: Thing) -> bool:
    return len(scene.named.picks) > 1 or min(box.size) * scene.pixel_m > ROOMY_M


def in_frame(thing: Thing, u, v):
    """Coordinates (x, y) in a thing's frame, cells."""
    cos, sin = math.cos(thing.yaw), math.sin(thing.yaw)
    return cos * (v - thing.v) + sin * (u - thing.u), cos * (u - thing.u) - sin * (v - thing.v)


def on_map(thing: Thing, x, y):
    """Cells (u, v) of what a thing's frame has at (x, y), cells."""
    cos, sin = math.cos(thing.yaw), math.sin(thing.yaw)
    return thing.u + cos * y + sin * x, thing.v + cos * x - sin * y


def places_in_box(scene: Scene, box: Thing, picks: tuple[int, ...]) -> tuple[Place, ...]:
    """Where each of these blocks goes best in the open box as it is now (packing.py)."""
    room = (box.size[0] * scene.pixel_m - 2 * WALL_M, box.size[1] * scene.pixel_m - 2 * WALL_M)
    inside = {}
    for thing in scene.things:
        x, y = (at * scene.pixel_m for at in in_frame(box, thing.u, thing.v))
        if thing is box or abs(x) > room[0] / 2 or abs(y) > room[1] / 2:
            continue
        c, s = abs(math.cos(thing.yaw - box.yaw)), abs(math.sin(thing.yaw - box.yaw))
        a, b = (side / 2 * scene.pixel_m for side in thing.size)
        w, h = c * a + s * b, s * a + c * b
        inside[thing.label] = Rectangle((x - w, x + w), (y - h, y + h))
    places = []
    for thing in scene.things:
        if thing.label not in picks:
            continue
        size = (thing.size[0] * scene.pixel_m, thing.size[1] * scene.pixel_m)
        for spot in best_spots(size, room, [r for label, r in inside.items() if label != thing.label]):
            u, v = on_map(box, spot.x / scene.pixel_m, spot.y / scene.pixel_m)
            places.append(Place(thing.label, box.label, u, v, box.yaw + (math.pi / 2 if spot.across else 0), math.pi))
    return tuple(places)
