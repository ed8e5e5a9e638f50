"""Sentences about a scene, and what they mean in it.

One recorded scene answers many sentences: any blocks may be asked for, into any bowl, and so may things that are not
there.
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from . import colors
from .scene import Meaning, Place, Scene, Thing, labels_of, places_in_box
from .words import ANYTHING, goal_sentence, names_of, plural, split_goal, split_words

DISTINCT = 25  # CIE76 distance from which two colour names mean different things
CONTAINERS = ("bowl", "box", "plate", "cup")


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
    names = next((t.nouns for t in scene.things if t.is_called(noun)), ())
    if len(names) > 1:
        other = str(rng.choice(names))
        noun = plural(other) if noun.endswith("s") else other
    said = " ".join([*words[pick[0] : pick[-1]], noun])
    return replace(meaning, sentence=goal_sentence(rng, said, _part(words, place), meaning.sentence, goes_into(scene, meaning)))


def own_absent(scene: Scene, rng: np.random.Generator) -> Meaning:
    """The scene's own sentence, but for a colour that no such thing has, or two such colours."""
    words = split_words(scene.own.sentence)
    pick, place = split_goal(scene.own.sentence)
    if not pick or not place:
        return scene.own
    alike = [t.color for t in scene.things if t.is_called(words[pick[-1]])]
    others = [t.color for t in scene.things if not t.is_called(words[pick[-1]])]
    named = [absent_color(scene, alike, others, rng) for _ in range(rng.integers(1, 3))]
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
    pick, place = scene.colored
    return len(pick) == len(place) == 1 and scene.tolerance_m is not None and all(t.kind in (*pick, *place) for t in scene.things)


def blocks_to_bowls(scene: Scene, pick: str, place: str, sentence: str) -> Meaning:
    """What "put the `pick` blocks in a `place` bowl" means here, by the benchmark's rules."""
    of_pick, of_place = scene.colored
    blocks = [t for t in scene.things if t.kind in of_pick]
    wanted = [t for t in blocks if t.color == pick]
    bowls = [t for t in scene.things if t.kind in of_place and t.color == place]
    inside = lambda block, bowl: math.hypot(block.u - bowl.u, block.v - bowl.v) * scene.pixel_m < scene.tolerance_m
    todo = [t for t in wanted if not any(inside(t, bowl) for bowl in bowls)]
    free = [bowl for bowl in bowls if not any(inside(t, bowl) for t in blocks)] or bowls
    places = tuple(Place(t.label, bowl.label, bowl.u, bowl.v, t.yaw, 0.0) for t in todo for bowl in free)
    return Meaning(sentence, labels_of(wanted), labels_of(bowls), labels_of(todo), places, False, bool(todo))


def other_bowls(scene: Scene, rng: np.random.Generator, absent: str | None = None) -> Meaning:
    """A sentence that the scene was not recorded with; with `absent` 'pick' or 'place', that thing is not on the table."""
    (block,), (bowl,) = scene.colored
    of = {kind: sorted({t.color for t in scene.things if t.kind == kind}) for kind in (block, bowl)}
    choose = lambda kind: str(rng.choice(of[kind] or list(colors.SEEN_COLORS)))
    pick, place = choose(block), choose(bowl)
    if absent == "pick":
        pick = absent_color(scene, of[block], of[bowl], rng)
    if absent == "place":
        place = absent_color(scene, of[bowl], of[block], rng)
    names = {t.kind: t.nouns for t in scene.things}
    called = lambda kind: str(rng.choice(names.get(kind) or names_of(kind)))
    noun = lambda kind, many: plural(called(kind)) if rng.random() < many else called(kind)
    template = f"put the {pick} {plural(block)} in a {place} {bowl}"
    sentence = goal_sentence(rng, f"{pick} {noun(block, 0.6)}", f"{place} {noun(bowl, 0.2)}", template)
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
    noun = str(rng.choice(thing.nouns if rng.random() < 0.85 else ANYTHING))
    alike = [t for t in scene.things if t.is_called(noun)]
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
