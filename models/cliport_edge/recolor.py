"""Other named colours for the things of a scene, and for the words of its sentence."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from . import colors
from .questions import DISTINCT
from .scene import Scene
from .words import split_goal, split_noun, split_words


OWN = "own"  # the colour of a thing whose colours go with its kind


def recolor(scene: Scene, rng: np.random.Generator, share: float) -> Scene:
    """Gives groups of things of one kind and colour another named colour: their shading stays, their albedo changes.

    This is what lets a colour be a place in a space instead of one of the few that were recorded. Demonstrations only get
    colours that tests of unseen colours do not show.
    """
    names = colors.TRAINED if scene.is_captioned else colors.DEMONSTRATED
    tasks = [name for name in colors.TASK_COLORS if name in names]
    color, things = scene.color.copy(), list(scene.things)
    # In demonstrations only what sentences name by colour: others may have colours of their own (a mug), whatever is told.
    may = lambda kind: scene.is_captioned or any(kind in kinds for kinds in scene.colored)
    for kind, old in sorted({(t.kind, t.color) for t in things if t.color in colors.TASK_COLORS and may(t.kind)}):
        if rng.random() >= share:
            continue
        group = [i for i, t in enumerate(things) if (t.kind, t.color) == (kind, old)]
        of_kind = {t.color for i, t in enumerate(things) if i not in group and t.kind == kind and t.color != OWN}
        of_others = {t.color for i, t in enumerate(things) if t.kind != kind and t.color != OWN}
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
        _, noun = split_noun([words[i] for i in part])
        pairs = [(a.color, b.color) for a, b in zip(before.things, after.things, strict=True) if a.is_called(noun)]
        for i in part:
            words[i] = next((new for old, new in pairs if old == words[i]), words[i])
    return " ".join(words)
