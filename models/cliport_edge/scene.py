"""An observation as training sees it, and what a sentence means in it.

One recorded scene answers many sentences: any blocks may be asked for, into any bowl, and so may things that are not
there. Which objects a sentence names, which of them are still to be moved and where to, follows from the truth alone.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace

import numpy as np

from .words import COLORS, NOUNS, TASK_COLORS, color_distance, goal_sentence, plural, split_words

IN_BOWL_M = 0.05  # the benchmark's tolerance of put-block-in-bowl
DISTINCT = 25  # CIE76 distance from which two colour names mean different things


@dataclass(frozen=True)
class Thing:
    label: int
    kind: str
    color: str
    u: float  # continuous cells
    v: float
    yaw: float  # radians


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
class Scene:
    color: np.ndarray  # uint8 [rows, cols, 3]
    height: np.ndarray  # float32 [rows, cols]
    labels: np.ndarray  # uint8 [rows, cols]
    things: tuple[Thing, ...]
    goal: str
    picks: tuple[int, ...]
    places: tuple[Place, ...]
    rotations: bool
    remaining: bool
    pixel_m: float


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
    named: dict = field(default_factory=dict)


def scene_of(sample: dict, color: np.ndarray, height: np.ndarray, labels: np.ndarray) -> Scene:
    """A line of samples.jsonl and its arrays."""
    space, truth = sample["workspace"], sample["truth"]
    cell = lambda p: ((p[1] - space["yMinM"]) / space["pixelM"], (p[0] - space["xMinM"]) / space["pixelM"])
    return Scene(
        color=np.array(color),
        height=np.asarray(height, np.float32),
        labels=np.array(labels),
        things=tuple(Thing(o["label"], o["kind"], o["color"], *cell(o["p_base_m"]), o["yawRad"]) for o in truth["objects"]),
        goal=truth["goal"],
        picks=tuple(truth["validPicks"]),
        places=tuple(
            Place(p["object"], p["target"], *cell(p["p_base_m"]), p["yawRad"], p["symmetryRad"]) for p in truth["validPlaces"]
        ),
        rotations=truth["rotations"],
        remaining=truth["remaining"],
        pixel_m=space["pixelM"],
    )


_KIND_OF = {form: kind for kind, names in NOUNS.items() for noun in names for form in (noun, plural(noun))}


def named_at(sentence: str) -> list[int]:
    """Where in a sentence's words something is named by its colour, as in "red blocks"."""
    words = split_words(sentence)
    return [i for i, (a, b) in enumerate(zip(words, words[1:], strict=False)) if a in COLORS and b in _KIND_OF]


def named_pairs(sentence: str) -> list[tuple[str, str]]:
    """(colour, kind) of every thing that a sentence names, in order."""
    words = split_words(sentence)
    return [(words[i], _KIND_OF[words[i + 1]]) for i in named_at(sentence)]


def own_goal(scene: Scene) -> Meaning:
    """The goal that the scene was recorded with."""
    pairs = named_pairs(scene.goal)
    known = len(pairs) == 2
    which = lambda pair: tuple(t.label for t in scene.things if (t.color, t.kind) == pair)
    return Meaning(
        scene.goal,
        which(pairs[0]) if known else None,
        which(pairs[1]) if known else None,
        scene.picks,
        scene.places,
        scene.rotations,
        scene.remaining,
    )


def asks_for_bowls(scene: Scene) -> bool:
    """Whether other sentences of the bowl task can be asked about this scene."""
    return all(t.kind in ("block", "bowl") and t.color in COLORS for t in scene.things) and named_pairs(scene.goal) != []


def blocks_to_bowls(scene: Scene, pick: str, place: str, sentence: str) -> Meaning:
    """What "put the `pick` blocks in a `place` bowl" means here, by the benchmark's rules."""
    blocks = [t for t in scene.things if t.kind == "block"]
    wanted = [t for t in blocks if t.color == pick]
    bowls = [t for t in scene.things if t.kind == "bowl" and t.color == place]
    inside = lambda block, bowl: math.hypot(block.u - bowl.u, block.v - bowl.v) * scene.pixel_m < IN_BOWL_M
    todo = [t for t in wanted if not any(inside(t, bowl) for bowl in bowls)]
    free = [bowl for bowl in bowls if not any(inside(t, bowl) for t in blocks)] or bowls
    places = tuple(Place(t.label, bowl.label, bowl.u, bowl.v, t.yaw, 0.0) for t in todo for bowl in free)
    labels = lambda things: tuple(t.label for t in things)
    return Meaning(sentence, labels(wanted), labels(bowls), labels(todo), places, False, bool(todo))


def other_goal(scene: Scene, rng: np.random.Generator, absent: str | None = None) -> Meaning:
    """A sentence that the scene was not recorded with; with `absent` 'pick' or 'place', that thing is not on the table."""
    colors = {kind: sorted({t.color for t in scene.things if t.kind == kind}) for kind in ("block", "bowl")}
    present = {kind: names or list(TASK_COLORS) for kind, names in colors.items()}
    pick, place = rng.choice(present["block"]), rng.choice(present["bowl"])
    if absent == "pick":
        pick = absent_color(colors["block"], colors["bowl"], rng)
    if absent == "place":
        place = absent_color(colors["bowl"], colors["block"], rng)
    return blocks_to_bowls(scene, pick, place, goal_sentence(rng, (pick, "block"), (place, "bowl")))


def absent_color(of_kind: list[str], of_others: list[str], rng: np.random.Generator) -> str:
    """A colour that no thing of the kind has; half of the time one that things of the other kind have."""
    fits = lambda name: all(color_distance(name, other) > DISTINCT for other in of_kind)
    others = [name for name in of_others if fits(name)]
    return rng.choice(others) if others and rng.random() < 0.5 else rng.choice([name for name in COLORS if fits(name)])


def recolor(scene: Scene, rng: np.random.Generator) -> Scene:
    """Gives all things of one kind and colour another named colour: their shading stays, their albedo changes.

    This is what lets a colour be a place in a space instead of one of the few that were recorded.
    """
    groups = sorted({(t.kind, t.color) for t in scene.things if t.color in TASK_COLORS})
    if not groups:
        return scene
    kind, old = groups[rng.integers(len(groups))]
    taken = [t.color for t in scene.things if t.kind == kind and t.color != old]
    names = [name for name in COLORS if all(color_distance(name, other) > DISTINCT for other in taken)]
    if not names:
        return scene
    new = rng.choice(names)
    mask = np.isin(scene.labels, [t.label for t in scene.things if (t.kind, t.color) == (kind, old)])
    ratio = (np.array(COLORS[new]) * 0.9 + 12) / np.array(TASK_COLORS[old])
    color = scene.color.copy()
    color[mask] = np.clip(color[mask] * ratio, 0, 255).astype(np.uint8)
    things = tuple(replace(t, color=str(new)) if (t.kind, t.color) == (kind, old) else t for t in scene.things)
    return replace(scene, color=color, things=things)
