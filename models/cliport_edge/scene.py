"""An observation as training sees it, and what a sentence means in it.

One recorded scene answers many sentences: any blocks may be asked for, into any bowl, and so may things that are not
there. Which objects a sentence names, which of them are still to be moved and where to, follows from the truth alone.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from . import colors
from .packing import Rectangle, best_spots
from .words import ANYTHING, NOUNS, STEPS, goal_sentence, kinds_of, plural, split_goal, split_words

IN_BOWL_M = 0.05  # the benchmark's tolerance of put-block-in-bowl
DISTINCT = 25  # CIE76 distance from which two colour names mean different things
STEP_M = 0.05  # the stand of the pyramid task: three steps in a row along its y
CONTAINERS = ("bowl", "box", "plate", "cup")
WALL_M = 0.004  # of the open box


@dataclass(frozen=True)
class Thing:
    label: int
    kind: str
    color: str
    u: float  # continuous cells
    v: float
    yaw: float  # radians
    size: tuple[float, float]  # cells, along its own x and y


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
    own: Meaning | None = None  # of the sentence that it was recorded with

    @property
    def is_captioned(self) -> bool:
        """Nothing was done in it."""
        return self.task.startswith("captioned")


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


def scene_of(sample: dict, color: np.ndarray, height: np.ndarray, labels: np.ndarray) -> Scene:
    """A line of samples.jsonl and its arrays."""
    space, truth = sample["workspace"], sample["truth"]
    cell = lambda p: ((p[1] - space["yMinM"]) / space["pixelM"], (p[0] - space["xMinM"]) / space["pixelM"])
    scene = Scene(
        color=np.array(color),
        height=np.asarray(height, np.float32),
        labels=np.array(labels),
        things=tuple(
            Thing(o["label"], o["kind"], o["color"], *cell(o["p_base_m"]), o["yawRad"], tuple(side / space["pixelM"] for side in o["sizeM"][:2]))
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
        pixel_m=space["pixelM"],
        demonstration=demonstration_of(sample["action"]),
    )
    return scene if scene.is_captioned else replace(scene, own=own_goal(scene))


def demonstration_of(action: dict | None) -> Demonstration | None:
    """Nothing is to be learnt from actions that were disturbed on purpose."""
    if action is None or action["perturbed"] or "pick" not in action:
        return None
    spot = lambda pose: Spot(pose["pixel"][0] + 0.5, pose["pixel"][1] + 0.5)
    return Demonstration(spot(action["pick"]), spot(action["place"]), action["place"]["yawRad"])


def labels_of(things: Iterable[Thing]) -> tuple[int, ...]:
    return tuple(thing.label for thing in things)


def referents(scene: Scene, words: list[str]) -> tuple[Thing, ...]:
    """Things that a phrase names: of any of its colours ("red and blue blocks") and of a kind that its noun may mean."""
    named = {word for word in words if word in colors.COLORS}
    kinds = [kinds_of(word) for word in words if kinds_of(word)]
    return tuple(t for t in scene.things if (not named or t.color in named) and (not kinds or t.kind in kinds[-1]))


def own_goal(scene: Scene) -> Meaning:
    """The goal that the scene was recorded with. Its words are those of the benchmark's templates."""
    words = split_words(scene.goal)
    pick, place = ([words[i] for i in part] for part in split_goal(scene.goal))
    known = bool(pick) and bool(place)
    step = next((word for word in place if word in STEPS), None)
    box = next((t for t in scene.things if t.kind == "box" and scene.rotations), None)
    return Meaning(
        sentence=scene.goal,
        named_pick=labels_of(referents(scene, pick)) if known else None,
        named_place=labels_of(referents(scene, place)) if known and step is None else None if not known else (),
        picks=scene.picks,
        places=scene.places if box is None else places_in_box(scene, box, scene.picks),
        rotations=scene.rotations,
        remaining=scene.remaining,
        named_spots=step_spots(scene, STEPS.index(step)) if step is not None else (),
    )


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


def step_spots(scene: Scene, step: int) -> tuple[Spot, ...]:
    """Middle of a step of the stand: 0 the lightest, which lies at its -y."""
    away = (step - 1) * STEP_M / scene.pixel_m
    # The stand's y axis in cells: yaw turns v (base x) towards u (base y).
    return tuple(Spot(t.u + math.cos(t.yaw) * away, t.v - math.sin(t.yaw) * away) for t in scene.things if t.kind == "stand")


def question(scene: Scene, rng: np.random.Generator, other: float, absent: float) -> Meaning:
    """A sentence about the scene: its own or a paraphrase of it, another one with probability `other`, or with
    probability `absent` one about something that is not on the table."""
    dice = rng.random()
    if scene.is_captioned:
        return caption(scene, rng, missing(rng) if dice < absent else None)
    if dice < absent:
        return other_bowls(scene, rng, missing(rng)) if asks_for_bowls(scene) else own_absent(scene, rng)
    if dice < absent + other:
        if asks_for_bowls(scene):
            return other_bowls(scene, rng)
        return other_block(scene, rng) if any(t.kind == "stand" for t in scene.things) else other_pack(scene, rng)
    return paraphrase(scene, scene.own, rng)


def missing(rng: np.random.Generator) -> str:
    return "pick" if rng.random() < 0.65 else "place"


def paraphrase(scene: Scene, meaning: Meaning, rng: np.random.Generator) -> Meaning:
    """The same in other words, half of the time."""
    words = split_words(meaning.sentence)
    pick, place = split_goal(meaning.sentence)
    if not pick or not place:
        return meaning
    noun = words[pick[-1]]
    if "block" in kinds_of(noun):
        other = str(rng.choice(NOUNS["block"]))
        noun = plural(other) if noun.endswith("s") else other
    said = " ".join([*words[pick[0] : pick[-1]], noun])
    return replace(meaning, sentence=goal_sentence(rng, said, _part(words, place), meaning.sentence, goes_into(scene, meaning)))


def own_absent(scene: Scene, rng: np.random.Generator) -> Meaning:
    """The scene's own sentence, but for a colour that no block has, or two such colours."""
    words = split_words(scene.own.sentence)
    pick, place = split_goal(scene.own.sentence)
    of = lambda kinds: [t.color for t in scene.things if t.kind in kinds]
    named = [absent_color(scene, of(("block",)), of(("box", "stand")), rng) for _ in range(rng.integers(1, 3))]
    said, where = f"{' and '.join(dict.fromkeys(named))} {words[pick[-1]]}", _part(words, place)
    sentence = goal_sentence(rng, said, where, f"put the {said} on the {where}", goes_into(scene, scene.own))
    return replace(scene.own, sentence=sentence, named_pick=(), picks=(), places=(), remaining=False)


def goes_into(scene: Scene, meaning: Meaning) -> bool:
    return any(t.kind in CONTAINERS for t in scene.things if t.label in (meaning.named_place or ()))


def _part(words: list[str], at: list[int]) -> str:
    return " ".join(words[at[0] : at[-1] + 1])


# The bowl task.


def asks_for_bowls(scene: Scene) -> bool:
    """Whether other sentences of the bowl task can be asked about this scene."""
    return scene.task.startswith("put-block-in-bowl") and all(t.kind in ("block", "bowl") for t in scene.things)


def blocks_to_bowls(scene: Scene, pick: str, place: str, sentence: str) -> Meaning:
    """What "put the `pick` blocks in a `place` bowl" means here, by the benchmark's rules."""
    blocks = [t for t in scene.things if t.kind == "block"]
    wanted = [t for t in blocks if t.color == pick]
    bowls = [t for t in scene.things if t.kind == "bowl" and t.color == place]
    inside = lambda block, bowl: math.hypot(block.u - bowl.u, block.v - bowl.v) * scene.pixel_m < IN_BOWL_M
    todo = [t for t in wanted if not any(inside(t, bowl) for bowl in bowls)]
    free = [bowl for bowl in bowls if not any(inside(t, bowl) for t in blocks)] or bowls
    places = tuple(Place(t.label, bowl.label, bowl.u, bowl.v, t.yaw, 0.0) for t in todo for bowl in free)
    return Meaning(sentence, labels_of(wanted), labels_of(bowls), labels_of(todo), places, False, bool(todo))


def other_bowls(scene: Scene, rng: np.random.Generator, absent: str | None = None) -> Meaning:
    """A sentence that the scene was not recorded with; with `absent` 'pick' or 'place', that thing is not on the table."""
    of = {kind: sorted({t.color for t in scene.things if t.kind == kind}) for kind in ("block", "bowl")}
    choose = lambda kind: str(rng.choice(of[kind] or list(colors.SEEN_COLORS)))
    pick, place = choose("block"), choose("bowl")
    if absent == "pick":
        pick = absent_color(scene, of["block"], of["bowl"], rng)
    if absent == "place":
        place = absent_color(scene, of["bowl"], of["block"], rng)
    noun = lambda kind, many: plural(str(rng.choice(NOUNS[kind]))) if rng.random() < many else str(rng.choice(NOUNS[kind]))
    template = f"put the {pick} blocks in a {place} bowl"
    sentence = goal_sentence(rng, f"{pick} {noun('block', 0.6)}", f"{place} {noun('bowl', 0.2)}", template)
    return blocks_to_bowls(scene, pick, place, sentence)


# The pyramid and the packing tasks.


def other_block(scene: Scene, rng: np.random.Generator) -> Meaning:
    """The pyramid's own place, asked for another block that lies free."""
    own = scene.own
    stand = [t for t in scene.things if t.kind == "stand"]
    near = 0.1 / scene.pixel_m
    free = [t for t in scene.things if t.kind == "block" and all(math.hypot(t.u - s.u, t.v - s.v) > near for s in stand)]
    if not own.picks or not own.places or not free:
        return own
    block, place = free[rng.integers(len(free))], own.places[0]
    under = _part(split_words(own.sentence), split_goal(own.sentence)[1])
    if block.color in under.split():
        return own
    sentence = f"put the {block.color} block on the {under}"
    return replace(
        own, sentence=sentence, named_pick=(block.label,), picks=(block.label,),
        places=(replace(place, thing=block.label),),
    )  # fmt: skip


def other_pack(scene: Scene, rng: np.random.Generator) -> Meaning:
    """Blocks of one or two other colours into the box."""
    own = scene.own
    box = next((t for t in scene.things if t.kind == "box"), None)
    if box is None:
        return own
    inside = lambda t: math.hypot(t.u - box.u, t.v - box.v) * scene.pixel_m < 0.14
    free = [t for t in scene.things if t.kind == "block" and not inside(t)]
    names = sorted({t.color for t in free} - {t.color for t in scene.things if t.kind == "block" and inside(t)})
    if not names:
        return own
    chosen = [str(c) for c in rng.permutation(names)[: rng.integers(1, 3)]]
    wanted = labels_of(t for t in free if t.color in chosen)
    sentence = f"pack all the {' and '.join(chosen)} blocks into the brown box"
    return Meaning(sentence, wanted, (box.label,), wanted, places_in_box(scene, box, wanted), True, True)


# Captions: what a picture shows, without an action.


def caption(scene: Scene, rng: np.random.Generator, absent: str | None = None) -> Meaning:
    """Asks for some thing by colour, noun or both, and sometimes names another one as the place.

    With `absent` 'pick' or 'place' that is not on the table. Nobody has shown how it is done, so there are no places.
    """
    things = list(scene.things)
    wanted, pick = _phrase(scene, things, rng, absent == "pick")
    named_place, place, into = None, None, True
    others = [t for t in things if t not in wanted]
    if others and (absent == "place" or rng.random() < 0.6):
        named_place, place = _phrase(scene, others, rng, absent == "place", without=wanted)
        into = all(t.kind in CONTAINERS for t in named_place)
    sentence = goal_sentence(rng, pick, place, into=into)
    if place is None and " up " not in f" {sentence} " and rng.random() < 0.5:
        sentence = f"pick up the {pick}"
    return Meaning(
        sentence, labels_of(wanted), None if named_place is None else labels_of(named_place),
        labels_of(wanted), (), False, bool(wanted),
    )  # fmt: skip


def _phrase(scene: Scene, things: list[Thing], rng, absent: bool, without: tuple[Thing, ...] = ()) -> tuple[tuple[Thing, ...], str]:
    """Things and what they are called together; everything that the words fit is meant, except `without`."""
    thing = things[rng.integers(len(things))]
    noun = str(rng.choice(NOUNS[thing.kind] if rng.random() < 0.85 else ANYTHING))
    kinds = kinds_of(noun)
    alike = [t for t in scene.things if t.kind in kinds]
    if absent:
        named = [absent_color(scene, [t.color for t in alike], [t.color for t in scene.things], rng) for _ in range(1 + (rng.random() < 0.3))]
        return (), f"{' and '.join(dict.fromkeys(named))} {noun}"
    form = rng.random()
    if form < 0.12 and noun not in ANYTHING:  # the noun alone
        meant = tuple(t for t in alike if t not in without)
        if len(meant) == len(alike):
            return meant, plural(noun) if len(meant) > 1 else noun
    if form > 0.88 and len(alike) > 1:  # two colours
        second = alike[rng.integers(len(alike))]
        if second.color != thing.color:
            meant = tuple(t for t in alike if t.color in (thing.color, second.color))
            if not set(meant) & set(without):
                return meant, f"{thing.color} and {second.color} {plural(noun)}"
    meant = tuple(t for t in alike if t.color == thing.color and t not in without)
    return meant, f"{thing.color} {plural(noun) if len(meant) > 1 and rng.random() < 0.7 else noun}"


def absent_color(scene: Scene, of_kind: list[str], of_others: list[str], rng: np.random.Generator) -> str:
    """A colour that no thing of the kind has; half of the time one that things of another kind have."""
    # A demonstration must not teach that colours which only tests show are never there.
    names = colors.TRAINED if scene.is_captioned else colors.DEMONSTRATED if rng.random() < 0.3 else colors.SEEN_COLORS
    # Nor a shade of one that is there: who asks for the light blue one may mean the blue one.
    fits = lambda name: not set(name.split()) & set(of_kind) and all(colors.distance(name, other) > DISTINCT for other in set(of_kind))
    others = [name for name in sorted(set(of_others)) if fits(name)]
    if others and rng.random() < 0.5:
        return str(rng.choice(others))
    for _ in range(50):
        name = str(rng.choice(names))
        if fits(name):
            return name
    return next(name for name in colors.DEMONSTRATED if fits(name))


def recolor(scene: Scene, rng: np.random.Generator, share: float) -> Scene:
    """Gives groups of things of one kind and colour another named colour: their shading stays, their albedo changes.

    This is what lets a colour be a place in a space instead of one of the few that were recorded. Demonstrations only get
    colours that tests of unseen colours do not show.
    """
    names = colors.TRAINED if scene.is_captioned else colors.DEMONSTRATED
    tasks = [name for name in colors.TASK_COLORS if name in names]
    color, things = scene.color.copy(), list(scene.things)
    keep_brown = {"stand", "box"} if not scene.is_captioned else {"stand"}
    for kind, old in sorted({(t.kind, t.color) for t in things if t.color in colors.TASK_COLORS and t.kind not in keep_brown}):
        if rng.random() >= share:
            continue
        group = [i for i, t in enumerate(things) if (t.kind, t.color) == (kind, old)]
        of_kind = {t.color for i, t in enumerate(things) if i not in group and t.kind == kind}
        of_others = {t.color for i, t in enumerate(things) if t.kind != kind}
        fits = lambda name: all(colors.distance(name, c) > DISTINCT for c in of_kind) and all(
            name == c or colors.distance(name, c) > DISTINCT / 2 for c in of_others
        )
        candidates = (str(rng.choice(names if rng.random() < 0.7 else tasks)) for _ in range(20))
        new = next((name for name in candidates if fits(name)), None)
        if new is None:
            continue
        looks = colors.looks_of(new)
        look = np.array(looks[rng.integers(len(looks))], float)
        mask = np.isin(scene.labels, [things[i].label for i in group])
        ratio = (look * 0.93 + 9) / np.array(colors.TASK_COLORS[old])
        color[mask] = np.clip(color[mask] * ratio, 0, 255).astype(np.uint8)
        for i in group:
            things[i] = replace(things[i], color=new)
    recolored = replace(scene, color=color, things=tuple(things))
    return recolored if scene.is_captioned else replace(recolored, own=replace(scene.own, sentence=reworded(scene, recolored)))


def reworded(before: Scene, after: Scene) -> str:
    """The scene's own sentence in the new colours."""
    words = split_words(before.goal)
    for part in split_goal(before.goal):
        kinds = kinds_of(words[part[-1]]) if part else frozenset()
        pairs = [(a.color, b.color) for a, b in zip(before.things, after.things, strict=True) if a.kind in kinds]
        for i in part:
            words[i] = next((new for old, new in pairs if old == words[i]), words[i])
    return " ".join(words)
