"""Scores of labels on recorded episodes that training has not seen, and the thresholds that follow from them.

    python -m cliport_edge.evaluate --checkpoint RUN/final.pt --data VALIDATION_CACHE...

Task success is measured by `cliport eval`; this is the quick look while training, and where thresholds come from.
"""

from __future__ import annotations

import argparse
import json
import math
from pathlib import Path

import numpy as np
import torch

from . import checkpoint
from .episodes import Cache
from .labels import places_of
from .model import Edge
from .dataset import nouns_in
from .questions import Asking, asks_by_color, caption, other_colors, own_absent
from .recolor import recolor
from .scene import scene_of
from .words import Tokenizer

# Whether what is meant is there is decided by `found`; these only keep back what is hopeless.
REFUSED = 0.001
GRID = np.linspace(0.05, 0.95, 91)  # thresholds that are tried
CLOSE_M = (0.01, 0.05)  # tolerances of the stacking and of the bowl tasks


def questions(caches: list[Cache], limit: int, seed: int = 7):
    """(scene, meaning, asked) for evenly spread observations: the recorded goal, another one, and one about nothing."""
    every = [(cache, i) for cache in caches for i in range(len(cache))]
    asking = Asking(wrong_noun=0.25, nouns=nouns_in(caches))
    for k in np.linspace(0, len(every) - 1, min(limit, len(every))).astype(int):
        rng = np.random.default_rng([seed, int(k)])
        cache, index = every[k]
        scene = scene_of(cache.samples[index], cache.color[index], cache.height[index], cache.labels[index])
        task = scene.task.removesuffix("-colors").removesuffix("-seen").removesuffix("-full")
        if scene.is_captioned:
            recolored = recolor(scene, rng, 0.8)
            yield recolored, caption(recolored, rng, None, asking), "captions"
            yield recolored, caption(recolored, rng, "pick", asking), "captions, absent"
            continue
        yield scene, scene.own, task
        yield scene, own_absent(scene, rng, asking), f"{task}, absent"
        if asks_by_color(scene):
            yield scene, other_colors(scene, rng), f"{task}, another goal"
            yield scene, other_colors(scene, rng, "place"), f"{task}, absent place"


@torch.no_grad()
def answers(edge: Edge, caches: list[Cache], tokenizer: Tokenizer, limit: int) -> list[dict]:
    """What the net decides for every question, beside what is right."""
    net, rows = edge.config, []
    step = 2 * math.pi / net.rotations
    for scene, meaning, asked in questions(caches, limit):
        visible = set(np.unique(scene.labels))
        text = edge.text(torch.from_numpy(tokenizer.encode(meaning.sentence))[None])
        nothing = torch.zeros(1, net.rows, net.cols)
        pick, place, rotation, turn, p_pick, p_place, remaining, found = edge.decide(
            torch.from_numpy(scene.color)[None], torch.from_numpy(scene.height)[None], text, nothing
        )
        pick, place = tuple(pick.tolist()), place.tolist()
        label = int(scene.labels[pick])
        # A part of a thing is there when the thing is.
        named = (meaning.named_pick, None if meaning.named_spots else meaning.named_place)
        right = places_of(scene, meaning, pick, label, net.rotations)
        distance = min([math.hypot(place[0] - p.u, place[1] - p.v) * scene.pixel_m for p in right], default=math.inf)
        rows.append({
            "asked": asked,
            "todo": bool(visible & set(meaning.picks)),
            "placeable": bool(meaning.places),
            "named": None if meaning.named_pick is None else all(visible & set(names) for names in named if names is not None),
            "pick_right": label in meaning.picks,
            "place_m": distance,
            "turn_off": min([abs(wrapped(float(turn) - (int(rotation) - p.rotation) * step - p.residual)) for p in right], default=math.pi),
            "pick": float(p_pick), "place": float(p_place), "remaining": float(remaining), "found": float(found),
        })  # fmt: skip
    return rows


def summarize(rows: list[dict]) -> tuple[dict, dict]:
    """Scores by kind of question, and thresholds."""
    scores: dict = {}
    for asked in dict.fromkeys(r["asked"] for r in rows):
        group = [r for r in rows if r["asked"] == asked]
        acting = [r for r in group if r["todo"] and r["placeable"]]
        known = [r for r in group if r["named"] is not None]
        scores[asked] = {
            "questions": len(group),
            "pickRight": share(r["pick_right"] for r in group if r["todo"]),
            **{f"placeWithin{round(1000 * m)}mm": share(r["place_m"] < m for r in acting) for m in CLOSE_M},
            "turnWithin15deg": share(r["turn_off"] < math.radians(15) for r in acting if r["pick_right"]),
            "remainingRight": share((r["remaining"] >= 0.5) == r["todo"] for r in group),
            "foundRight": share((r["found"] >= 0.5) == r["named"] for r in known),
        }
    cases = {
        "pick": [(r["pick"], r["pick_right"]) for r in rows if r["todo"] or not r["named"]],
        "place": [(r["place"], r["place_m"] < CLOSE_M[1]) for r in rows if r["todo"]],
        # What is not there is `found`'s to say.
        "remaining": [(r["remaining"], r["todo"]) for r in rows if r["named"] is not False],
        "found": [(r["found"], r["named"]) for r in rows if r["named"] is not None],
    }
    scores["calibrationError"] = {name: calibration_error(pairs) for name, pairs in cases.items()}
    return scores, {
        "pick": threshold(cases["pick"], REFUSED),
        "place": threshold(cases["place"], REFUSED),
        "remaining": fewest_wrong(cases["remaining"]),
        "found": threshold(cases["found"]),
    }


def wrapped(angle: float) -> float:
    return (angle + math.pi) % (2 * math.pi) - math.pi


def share(values) -> float | None:
    values = list(values)
    return round(float(np.mean(values)), 4) if values else None


def threshold(pairs: list[tuple[float, bool]], lost: float | None = None) -> float:
    """Where the larger of both error rates is smallest, kept within 0.05..0.95; with `lost`, at most where that share of
    the right ones would be refused, but no less than 0.01."""
    p, right = np.array([a for a, _ in pairs]), np.array([b for _, b in pairs], bool)
    if right.all() or not right.any():
        return 0.5
    worst = np.array([max((p[right] < t).mean(), (p[~right] >= t).mean()) for t in GRID])
    best = float(GRID[worst <= worst.min() + 1e-9].mean())
    return round(best if lost is None else max(0.01, min(best, float(np.quantile(p[right], lost)))), 3)


def fewest_wrong(pairs: list[tuple[float, bool]]) -> float:
    """Where the fewest answers are wrong, kept within 0.05..0.95: a run asks many times while something is left to do,
    and each time must be right, but only once at its end."""
    p, right = np.array([a for a, _ in pairs]), np.array([b for _, b in pairs], bool)
    wrong = np.array([((p >= t) != right).sum() for t in GRID])
    return round(float(GRID[wrong == wrong.min()].mean()), 3)


def calibration_error(pairs: list[tuple[float, bool]], bins: int = 10) -> float | None:
    """Expected calibration error: mean gap between probability and frequency, weighted by bin."""
    if not pairs:
        return None
    p, right = np.array([a for a, _ in pairs]), np.array([b for _, b in pairs], float)
    where = np.minimum((p * bins).astype(int), bins - 1)
    gaps = [(where == b).mean() * abs(p[where == b].mean() - right[where == b].mean()) for b in range(bins) if (where == b).any()]
    return round(float(sum(gaps)), 4)


def add_scores(edge: Edge, path: Path, caches: list[Cache], limit: int = 600) -> dict:
    """Evaluates and stores scores and thresholds in the checkpoint's card."""
    scores, thresholds = summarize(answers(edge.eval(), caches, checkpoint.tokenizer_of(path), limit))
    state = checkpoint.read(path)
    state["card"] |= {"scores": {"validation": scores, "validationData": [cache.summary for cache in caches]}, "thresholds": thresholds}
    checkpoint.save(path, state)
    print(json.dumps({"scores": scores, "thresholds": thresholds}, indent=1), flush=True)
    return state["card"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--checkpoint", type=Path, required=True)
    parser.add_argument("--data", type=Path, nargs="+", required=True)
    parser.add_argument("--limit", type=int, default=400, help="observations")
    parser.add_argument("--save", action="store_true", help="store scores and thresholds in the checkpoint")
    args = parser.parse_args()
    torch.set_num_threads(1)
    tokenizer = checkpoint.tokenizer_of(args.checkpoint)
    edge, _ = checkpoint.load_edge(args.checkpoint, tokenizer)
    if args.save:
        add_scores(edge, args.checkpoint, [Cache(folder) for folder in args.data], args.limit)
        return
    scores, thresholds = summarize(answers(edge, [Cache(folder) for folder in args.data], tokenizer, args.limit))
    print(json.dumps({"scores": scores, "thresholds": thresholds}, indent=1))


if __name__ == "__main__":
    main()
