"""What makes picks wrong: shares of right picks on captioned scenes, by what is special about a scene and its thing.

    python -m cliport_edge.factors --checkpoint RUN/final.pt --data VALIDATION_CACHE... [--limit 400]

Every scene is asked for one thing by a sentence whose words the checkpoint knows, "pick up the red can". A pick is right on a
thing that the words fit. What a factor costs is told by its rows alone; where two go together, by neither.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from . import checkpoint, colors
from .episodes import Cache
from .model import Edge
from .scene import Scene, Thing, scene_of
from .words import Tokenizer

NEAR_CELLS = 2  # things that come closer touch
WHOLE_CELLS = 30  # fewer cells in view: hardly anything of it is


@dataclass(frozen=True)
class Asked:
    scene: Scene
    thing: Thing
    sentence: str
    meant: tuple[int, ...]


def ask(scene: Scene, tokenizer: Tokenizer, rng: np.random.Generator) -> Asked | None:
    """One thing by its colour and noun, or by its noun alone where its colours go with its kind; None where no words are known."""
    for thing in (scene.things[i] for i in rng.permutation(len(scene.things))):
        names = [name for name in thing.nouns if tokenizer.knows(name)]
        color = "" if thing.color not in colors.COLORS else thing.color
        if not names or (scene.labels == thing.label).sum() < WHOLE_CELLS:
            continue
        noun = str(rng.choice(names))
        meant = tuple(t.label for t in scene.things if t.is_called(noun.split()) and (not color or t.color == color))
        return Asked(scene, thing, " ".join(f"pick up the {color} {noun}".split()), meant)
    return None


def factors_of(asked: Asked) -> dict[str, str]:
    """Factor -> its bin, for this question."""
    scene, thing = asked.scene, asked.thing
    mask = scene.labels == thing.label
    grown = mask.copy()
    for _ in range(NEAR_CELLS):
        grown[1:] |= grown[:-1]
        grown[:-1] |= grown[1:]
        grown[:, 1:] |= grown[:, :-1]
        grown[:, :-1] |= grown[:, 1:]
    beside = set(np.unique(scene.labels[grown])) - {0, thing.label}
    unseen = (scene.color.max(2) == 0) & grown
    has_color = thing.color in colors.COLORS
    others = {t.color for t in scene.things if t.label not in asked.meant and t.color in colors.COLORS}
    nearest = min((colors.distance(thing.color, other) for other in others), default=np.inf) if has_color else 0.0
    return {
        "things in view": bin_of(len(np.unique(scene.labels)) - 1, (4, 6, 9)),
        "touches another": "yes" if beside else "no",
        "cells in view": bin_of(int(mask.sum()), (100, 250, 600)),
        "holes round it": bin_of(float(unseen.sum() / grown.sum()), (0.02, 0.1, 0.3)),
        "map unseen": bin_of(float((scene.color.max(2) == 0).mean()), (0.05, 0.15, 0.3)),
        "nearest other colour": bin_of(nearest, (25, 40, 60)) if has_color else "colours of its own",
        "colour": thing.color if has_color else "of its own",
        "kind": thing.kind if has_color else "household",
    }


def bin_of(value: float, edges: tuple[float, ...]) -> str:
    below = next((edge for edge in edges if value < edge), None)
    return f">= {edges[-1]:g}" if below is None else f"< {below:g}"


@torch.no_grad()
def picks_right(edge: Edge, tokenizer: Tokenizer, asked: list[Asked]) -> list[bool]:
    net, right = edge.config, []
    for one in asked:
        text = edge.text(torch.from_numpy(tokenizer.encode(one.sentence))[None])
        x = edge.normalize(torch.from_numpy(one.scene.color)[None], torch.from_numpy(one.scene.height)[None])
        logits = edge.pick(edge.trunk(x, text).features)
        cell = int(edge.middle(logits, torch.zeros(1, net.rows, net.cols)).argmax())
        right.append(int(one.scene.labels[cell // net.cols, cell % net.cols]) in one.meant)
    return right


def questions(caches: list[Cache], tokenizer: Tokenizer, limit: int) -> list[Asked]:
    """For evenly spread observations."""
    every = [(cache, i) for cache in caches for i in range(len(cache))]
    found = []
    for k in np.linspace(0, len(every) - 1, min(limit, len(every))).astype(int):
        rng = np.random.default_rng([11, int(k)])
        cache, index = every[k]
        scene = scene_of(cache.samples[index], cache.color[index], cache.height[index], cache.labels[index])
        found.append(ask(scene, tokenizer, rng))
    return [one for one in found if one is not None]


def table(asked: list[Asked], right: list[bool]) -> dict[str, dict[str, dict[str, float]]]:
    """Factor -> bin -> questions and the share of right picks."""
    rows: dict[str, dict[str, list[bool]]] = {}
    for one, ok in zip(asked, right, strict=True):
        for factor, where in {"all": "", **factors_of(one)}.items():
            rows.setdefault(factor, {}).setdefault(where, []).append(ok)
    return {f: {b: {"questions": len(v), "right": round(float(np.mean(v)), 3)} for b, v in sorted(bins.items())} for f, bins in rows.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--checkpoint", type=Path, required=True)
    parser.add_argument("--data", type=Path, nargs="+", required=True)
    parser.add_argument("--words", type=Path, help="ask only what this other checkpoint knows, to compare with it")
    parser.add_argument("--limit", type=int, default=400, help="observations")
    args = parser.parse_args()
    torch.set_num_threads(1)
    tokenizer = checkpoint.tokenizer_of(args.checkpoint)
    edge, _ = checkpoint.load_edge(args.checkpoint, tokenizer)
    asked = questions([Cache(folder) for folder in args.data], checkpoint.tokenizer_of(args.words or args.checkpoint), args.limit)
    print(json.dumps(table(asked, picks_right(edge.eval(), tokenizer, asked)), indent=1))


if __name__ == "__main__":
    main()
