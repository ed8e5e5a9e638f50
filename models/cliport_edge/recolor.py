"""Other named colours for the things of a scene, and for the words of its sentence."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from . import colors
from .questions import DISTINCT
from .scene import Scene
from .words import kinds_of, split_goal, split_words


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
