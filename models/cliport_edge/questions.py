"""Sentences about a scene, and what they mean in it.

One recorded scene answers many sentences: any blocks may be asked for, into any bowl, and so may things that are not
there.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from . import colors
from .scene import Meaning, Place, Room, Scene, Thing, in_frame, labels_of, packed_box, places_in_box
from .words import ANYTHING, RELATIONS, goal_sentence, heads, is_called, plural, push_sentence, split_goal, split_noun, split_words

DISTINCT = 25  # CIE76 distance from which two colour names mean different things
CONTAINERS = ("bowl", "box", "plate", "cup")


@dataclass(frozen=True)
class Asking:
    """How often a sentence is another one than the scene's own."""

    other: float = 0.0  # about other things that are there
    absent: float = 0.0  # about something that is not there
    wrong_noun: float = 0.0  # of those: it is of a colour that is there, or of none, and called what nothing here is called
    nouns: tuple[tuple[str, ...], ...] = ()  # what kinds of things are called in the data: absent ones are asked for by these


def question(scene: Scene, rng: np.random.Generator, asking: Asking) -> Meaning:
    """A sentence about the scene: its own or a paraphrase of it, or another one."""
    dice = rng.random()
    if scene.is_captioned:
        return caption(scene, rng, missing(rng) if dice < asking.absent else None, asking)
    if dice < asking.absent:
        return other_colors(scene, rng, missing(rng)) if asks_by_color(scene) else own_absent(scene, rng, asking)
    if dice < asking.absent + asking.other:
        return another(scene, rng)
    return paraphrase(scene, scene.own, rng)


def missing(rng: np.random.Generator) -> str:
    return "pick" if rng.random() < 0.65 else "place"


def another(scene: Scene, rng: np.random.Generator) -> Meaning:
    """Another sentence that makes sense here; the scene's own where none is known."""
    if asks_by_color(scene):
        return other_colors(scene, rng)
    if not scene.colored[0] or scene.primitive != "pick_place":
        return scene.own
    return other_thing(scene, rng) if scene.tolerance_m is not None else other_pack(scene, rng)


def paraphrase(scene: Scene, meaning: Meaning, rng: np.random.Generator) -> Meaning:
    """The same in other words, half of the time."""
    words = split_words(meaning.sentence)
    pick, place = split_goal(meaning.sentence)
    if not pick or not place or meaning.primitive == "drag":
        return meaning
    named, noun = split_noun([words[i] for i in pick])
    names = next((t.nouns for t in scene.things if t.is_called(noun)), ())
    said = " ".join(noun)
    if len(names) > 1 and said not in ANYTHING:
        other = str(rng.choice(names))
        said = plural(other) if said.endswith("s") else other
    color = _part(words, pick[: len(pick) - len(noun)]) if named else ""
    return replace(meaning, sentence=_sentence(rng, meaning, f"{color} {said}".strip(), _part(words, place)))


def _sentence(rng: np.random.Generator, meaning: Meaning, pick: str, place: str, template: str | None = None) -> str:
    """A sentence for the meaning's action; `template`, by default the meaning's own sentence, half of the time."""
    template = template or meaning.sentence
    if meaning.primitive == "push":
        return push_sentence(rng, pick, place, template)
    return goal_sentence(rng, pick, place, template, goes_into(meaning.sentence))


def own_absent(scene: Scene, rng: np.random.Generator, asking: Asking = Asking()) -> Meaning:
    """The scene's own sentence, but for something that is not there: a colour that no such thing has, two such colours, or,
    where it names no colour, a noun that fits nothing here."""
    own = scene.own
    words = split_words(own.sentence)
    pick, place = split_goal(own.sentence)
    if not pick or not place or own.primitive == "drag":
        return own
    named, noun = split_noun([words[i] for i in pick])
    if named:
        alike = [t.color for t in scene.things if t.is_called(noun)]
        others = [t.color for t in scene.things if not t.is_called(noun)]
        absent = [absent_color(scene, alike, others, rng) for _ in range(rng.integers(1, 3))]
        said = f"{' and '.join(dict.fromkeys(absent))} {' '.join(noun)}"
    else:
        absent = absent_noun(scene, asking.nouns, rng)
        if absent is None:
            return own
        said = f"{absent} {noun[-1]}" if noun[-1] in (*ANYTHING, *map(plural, ANYTHING)) else absent
    start, end = pick[0], pick[-1] + 1
    template = " ".join([*words[:start], said, *words[end:]])
    sentence = _sentence(rng, own, said, _part(words, place), template)
    return replace(own, sentence=sentence, named_pick=(), picks=(), places=(), remaining=False)


def absent_noun(scene: Scene, nouns: Sequence[tuple[str, ...]], rng: np.random.Generator) -> str | None:
    """A name that nothing in the scene may be called, also not in short."""
    for _ in range(30 if nouns else 0):
        names = nouns[rng.integers(len(nouns))]
        name = str(rng.choice(names))
        short = heads((name,)) or (name,)
        if not any(t.is_called(name.split()) or t.is_called(short) or is_called(names, n.split()[-1:]) for t in scene.things for n in t.nouns):
            return name
    return None


def goes_into(sentence: str) -> bool:
    """Whether a sentence says that things go into their place."""
    return any(word in RELATIONS["in"] for word in split_words(sentence))


def _part(words: list[str], at: list[int]) -> str:
    return " ".join(words[at[0] : at[-1] + 1])


# Sentences that name both what is moved and where it goes by their colour.


def asks_by_color(scene: Scene) -> bool:
    """Whether any colour of the one kind may be asked for, to any of the other."""
    pick, place = scene.colored
    return len(pick) == len(place) == 1 and all(t.kind in (*pick, *place) for t in scene.things)


def by_color(scene: Scene, pick: str, place: str, sentence: str) -> Meaning:
    """What a sentence that asks for the things of colour `pick` at those of colour `place` means here, by the benchmark's rules."""
    of_pick, of_place = scene.colored
    things = [t for t in scene.things if t.kind in of_pick]
    wanted = [t for t in things if t.color == pick]
    targets = [t for t in scene.things if t.kind in of_place and t.color == place]
    todo = [t for t in wanted if not any(is_at(scene, t, target) for target in targets)]
    # As far as each must lie inside, a target takes all of them.
    takes_all = scene.tolerance_m is None
    free = targets if takes_all else [target for target in targets if not any(is_at(scene, t, target) for t in things)] or targets
    places = tuple(Place(t.label, target.label, target.u, target.v, t.yaw, 0.0) for t in todo for target in free)
    named = labels_of(wanted), labels_of(targets)
    return Meaning(sentence, *named, labels_of(todo), places, False, bool(todo), primitive=scene.primitive)


def is_at(scene: Scene, thing: Thing, target: Thing) -> bool:
    """Whether a thing is where its sentence wants it: near the target's middle, or with all of it inside."""
    if scene.tolerance_m is not None:
        return math.hypot(thing.u - target.u, thing.v - target.v) * scene.pixel_m < scene.tolerance_m
    x, y = in_frame(target, thing.u, thing.v)
    reach = math.hypot(*thing.size) / 2
    return abs(x) + reach <= target.size[0] / 2 and abs(y) + reach <= target.size[1] / 2


def other_colors(scene: Scene, rng: np.random.Generator, absent: str | None = None) -> Meaning:
    """A sentence that the scene was not recorded with; with `absent` 'pick' or 'place', that thing is not on the table."""
    (moved,), (target,) = scene.colored
    of = {kind: sorted({t.color for t in scene.things if t.kind == kind}) for kind in (moved, target)}
    choose = lambda kind: str(rng.choice(of[kind] or list(colors.SEEN_COLORS)))
    pick, place = choose(moved), choose(target)
    if absent == "pick":
        pick = absent_color(scene, of[moved], of[target], rng)
    if absent == "place":
        place = absent_color(scene, of[target], of[moved], rng)
    names = {t.kind: t.nouns for t in scene.things}
    called = lambda kind: str(rng.choice(names.get(kind, (kind,))))
    noun = lambda kind, many: plural(called(kind)) if rng.random() < many else called(kind)
    said, where = f"{pick} {noun(moved, 0.6)}", f"{place} {noun(target, 0.2)}"
    return by_color(scene, pick, place, _sentence(rng, scene.own, said, where, recast(scene.goal, pick, place)))


def recast(sentence: str, pick: str, place: str | None = None) -> str:
    """A sentence with another colour of what is moved, and of where it goes where one is given."""
    words = split_words(sentence)
    for part, color in zip(split_goal(sentence), (pick, place), strict=True):
        named, _ = split_noun([words[i] for i in part])
        if named and color is not None:
            words[part[0]] = color
            for i in part[1 : len(named)]:
                words[i] = ""
    return " ".join(word for word in words if word)


# Sentences that name what is moved by its colour.


def other_thing(scene: Scene, rng: np.random.Generator) -> Meaning:
    """The scene's own place, asked for another thing of that kind which lies apart from it."""
    own = scene.own
    if len(own.picks) != 1 or not own.places:
        return own
    place = own.places[0]
    moved, target = (next((t for t in scene.things if t.label == label), None) for label in (place.thing, place.target))
    if moved is None or target is None:
        return own
    apart = lambda t: any(abs(x) > side / 2 + math.hypot(*t.size) / 2 for x, side in zip(in_frame(target, t.u, t.v), target.size, strict=True))
    words = split_words(own.sentence)
    of_pick, of_place = split_goal(own.sentence)
    free = [t for t in scene.things if t.kind == moved.kind and t.label != moved.label and apart(t)]
    if not free or not of_pick or not of_place:
        return own
    thing, under = free[rng.integers(len(free))], _part(words, of_place)
    _, noun = split_noun([words[i] for i in of_pick])
    if thing.color in under.split() or sum(t.color == thing.color for t in scene.things if t.kind == moved.kind) > 1:
        return own
    sentence = _sentence(rng, own, f"{thing.color} {' '.join(noun)}", under, recast(own.sentence, thing.color))
    return replace(
        own, sentence=sentence, named_pick=(thing.label,), picks=(thing.label,),
        places=(replace(place, thing=thing.label),),
    )  # fmt: skip


def other_pack(scene: Scene, rng: np.random.Generator) -> Meaning:
    """Things of one or two other colours into the box."""
    own, box = scene.own, packed_box(scene)
    if box is None:
        return own
    inside = lambda t: all(abs(x) < side / 2 for x, side in zip(in_frame(box, t.u, t.v), box.size, strict=True))
    of_kind = [t for t in scene.things if t.kind in scene.colored[0]]
    free = [t for t in of_kind if not inside(t)]
    names = sorted({t.color for t in free} - {t.color for t in of_kind if inside(t)})
    words = split_words(own.sentence)
    pick, place = split_goal(own.sentence)
    if not names or not pick or not place:
        return own
    chosen = [str(c) for c in rng.permutation(names)[: rng.integers(1, 3)]]
    wanted = labels_of(t for t in free if t.color in chosen)
    _, noun = split_noun([words[i] for i in pick])
    said = f"{' and '.join(chosen)} {' '.join(noun)}"
    sentence = " ".join([*words[: pick[0]], said, *words[pick[-1] + 1 :]])
    return Meaning(sentence, wanted, (box.label,), wanted, places_in_box(scene, box, wanted), True, True)


# Captions: what a picture shows, without an action.


def caption(scene: Scene, rng: np.random.Generator, absent: str | None = None, asking: Asking = Asking()) -> Meaning:
    """Asks for some thing by colour, noun or both, and sometimes names another one as the place.

    With `absent` 'pick' or 'place' that is not on the table. Nobody has shown how it is done; but where a thing has free
    room that fits, that is a place.
    """
    things = list(scene.things)
    wanted, pick = _phrase(scene, things, rng, absent == "pick", asking)
    named_place, place, into, places, rotations = None, None, True, (), False
    roomy = {room.target for room in scene.rooms}
    others = [t for t in things if t not in wanted]
    # Where something may be put is asked for more often.
    others = [t for t in others if t.label in roomy] if rng.random() < 0.6 and any(t.label in roomy for t in others) else others
    if others and (absent == "place" or rng.random() < 0.6):
        named_place, place = _phrase(scene, others, rng, absent == "place", asking, without=wanted)
        into = all(t.kind in CONTAINERS for t in named_place)
        places, rotations = room_places(scene, wanted, named_place)
    sentence = goal_sentence(rng, pick, place, into=into)
    if place is None and " up " not in f" {sentence} " and rng.random() < 0.5:
        sentence = f"pick up the {pick}"
    return Meaning(
        sentence, labels_of(wanted), None if named_place is None else labels_of(named_place),
        labels_of(wanted), places, rotations, bool(wanted),
    )  # fmt: skip


def room_places(scene: Scene, wanted: Sequence[Thing], targets: Sequence[Thing]) -> tuple[tuple[Place, ...], bool]:
    """Free spots of the targets in which the things fit, and whether any must be turned for it."""
    labels = labels_of(targets)
    rooms = [room for room in scene.rooms if room.target in labels]
    fits = [(t, room, fit) for t in wanted for room in rooms if (fit := fitting_yaw(t, room)) is not None]
    return tuple(Place(t.label, room.target, room.u, room.v, yaw, math.pi) for t, room, (yaw, _) in fits), any(turns for *_, (_, turns) in fits)


def fitting_yaw(thing: Thing, room: Room) -> tuple[float, bool] | None:
    """The yaw in which a thing fits a spot, and whether only such a one does; None: it does not fit."""
    (x, y), (w, h) = thing.size, room.size
    if math.hypot(x, y) <= min(w, h):
        return thing.yaw, False
    for yaw, (along, across) in ((room.yaw, (x, y)), (room.yaw + math.pi / 2, (y, x))):
        if along <= w and across <= h:
            return yaw, True
    return None


def _phrase(
    scene: Scene, things: list[Thing], rng, absent: bool, asking: Asking, without: tuple[Thing, ...] = ()
) -> tuple[tuple[Thing, ...], str]:  # fmt: skip
    """Things and what they are called together; everything that the words fit is meant, except `without`."""
    thing = things[rng.integers(len(things))]
    short = heads(thing.nouns)
    noun = str(rng.choice(short if short and rng.random() < 0.3 else thing.nouns if rng.random() < 0.85 else ANYTHING))
    has_color = thing.color in colors.COLORS or thing.color in colors.MODIFIED
    if absent and (rng.random() < asking.wrong_noun or not has_color):
        other = absent_noun(scene, asking.nouns, rng)
        if other is not None:
            return (), f"{thing.color} {other}" if has_color and rng.random() < 0.7 else other
    alike = [t for t in scene.things if t.is_called(noun.split())]
    if absent:
        named = [absent_color(scene, [t.color for t in alike], [t.color for t in scene.things], rng) for _ in range(1 + (rng.random() < 0.3))]
        return (), f"{' and '.join(dict.fromkeys(named))} {noun}"
    form = rng.random()
    if not has_color and noun in ANYTHING:
        noun = str(rng.choice(thing.nouns))
        alike = [t for t in scene.things if t.is_called(noun.split())]
    if (form < 0.12 or not has_color) and noun not in ANYTHING:  # the noun alone
        meant = tuple(t for t in alike if t not in without)
        if len(meant) == len(alike) or not has_color:
            return meant, plural(noun) if len(meant) > 1 else noun
    if form > 0.88 and len(alike) > 1:  # two colours
        second = alike[rng.integers(len(alike))]
        if second.color not in (thing.color, "own"):
            meant = tuple(t for t in alike if t.color in (thing.color, second.color))
            if not set(meant) & set(without):
                return meant, f"{thing.color} and {second.color} {plural(noun)}"
    # A thing of many colours may show this one, too, and be meant; that is not known.
    meant = tuple(t for t in alike if t.color == thing.color and t not in without)
    return meant, f"{thing.color} {plural(noun) if len(meant) > 1 and rng.random() < 0.7 else noun}"


def absent_color(scene: Scene, of_kind: list[str], of_others: list[str], rng: np.random.Generator) -> str:
    """A colour that no thing of the kind has; half of the time one that things of another kind have."""
    # A demonstration must not teach that colours which only tests show are never there.
    names = colors.TRAINED if scene.is_captioned else colors.DEMONSTRATED if rng.random() < 0.3 else colors.SEEN_COLORS
    # Nor a shade of one that is there: who asks for the light blue one may mean the blue one.
    taken, others = ({color for color in of if color in colors.COLORS or color in colors.MODIFIED} for of in (of_kind, of_others))
    fits = lambda name: not set(name.split()) & taken and all(colors.distance(name, other) > DISTINCT for other in taken)
    others = [name for name in sorted(others) if fits(name)]
    if others and rng.random() < 0.5:
        return str(rng.choice(others))
    for _ in range(50):
        name = str(rng.choice(names))
        if fits(name):
            return name
    return next(name for name in colors.DEMONSTRATED if fits(name))
