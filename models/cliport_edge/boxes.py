"""Packing scenes drawn from rectangles: more boxes, pieces and half-packed states than can be recorded.

From above a packing scene is rectangles of one height, so it can be drawn as the projection would show it; nothing else
of it is simulated. Sizes and cuts are those of src/sim/tasks/packing-boxes-pairs.ts. A box is filled by the packer of
packing.py, who is made to err as the policy does.
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from .colors import SEEN_COLORS, TASK_COLORS
from .packing import NARROWEST_M, Rectangle, Spot, all_spots, best_spots
from .scene import WALL_M, Named, Scene, Thing, in_frame, on_map, own_goal
from .words import names_of

PIXEL_M = 0.003125
SHAPE = (320, 160)
BOX_M = (0.07, 0.3)  # sides of the box
EDGE_M, MARGIN_M, HEIGHT_M = 0.01, 0.01, 0.05
TASK = "packing-boxes-pairs-drawn"


def draw(rng: np.random.Generator) -> Scene:
    """A box, pieces in it and beside it, and other blocks."""
    size = tuple(rng.uniform(*BOX_M, 2))
    pieces = sorted(cut((size[0] - 2 * EDGE_M, size[1] - 2 * EDGE_M), rng), key=lambda p: -max(p))
    packed, left = fill(pieces, (size[0] - 2 * WALL_M, size[1] - 2 * WALL_M), rng)
    colors = [str(c) for c in rng.permutation(SEEN_COLORS)]
    wanted, others = colors[: rng.integers(1, 3)], colors[2:]
    reach = math.hypot(*size) / 2 / PIXEL_M
    yaw = rng.uniform(-math.pi, math.pi)
    at = [rng.uniform(min(reach, side / 2), max(side - reach, side / 2)) for side in SHAPE]
    things = [Thing(1, "box", "brown", *at, yaw, cells(size), names_of("box"))]
    names = [wanted[i] if i < len(wanted) else str(rng.choice(wanted)) for i in range(len(pieces))]
    wanted = list(dict.fromkeys(names))
    for piece, spot in packed:
        x, y = ((s + rng.normal(0, 0.0012)) / PIXEL_M for s in (spot.x, spot.y))
        turn = yaw + (math.pi / 2 if spot.across else 0) + rng.normal(0, math.radians(1.2))
        things.append(Thing(len(things) + 1, "block", names[len(things) - 1], *on_map(things[0], x, y), turn, cells(piece), names_of("block")))
    inside = len(things)
    for piece in left:
        things += beside(things, names[len(things) - 1], cells(piece), rng)
    wanted_end = len(things)
    for _ in range(rng.integers(0, 7)):
        things += beside(things, str(rng.choice(others)), cells(tuple(rng.uniform(NARROWEST_M, 2 * NARROWEST_M, 2))), rng)
    color, height, labels = picture(things, rng)
    picks = tuple(t.label for t in things[inside:wanted_end])
    goal = f"pack all the {' and '.join(wanted)} blocks into the brown box"
    named = Named(tuple(t.label for t in things if t.kind == "block" and t.color in wanted), (1,), ())
    scene = Scene(
        color, height, labels, tuple(things), TASK, goal, picks, (), True, bool(picks), PIXEL_M, named=named, colored=(("block",), ())
    )  # fmt: skip
    return replace(scene, own=own_goal(scene))


def cells(size: tuple[float, float]) -> tuple[float, float]:
    """Metres to cells."""
    return size[0] / PIXEL_M, size[1] / PIXEL_M


def cut(size: tuple[float, float], rng: np.random.Generator) -> list[tuple[float, float]]:
    """Pieces of a rectangle, cut at random until none is wide enough to be cut; metres."""
    axes = [k for k in (0, 1) if size[k] > 2 * NARROWEST_M + MARGIN_M]
    if not axes:
        return [size]
    axis = int(rng.choice(axes))
    first = rng.uniform(NARROWEST_M, size[axis] - MARGIN_M - NARROWEST_M)
    part = lambda length: (length, size[1]) if axis == 0 else (size[0], length)
    return cut(part(first), rng) + cut(part(size[axis] - MARGIN_M - first), rng)


def fill(pieces: list[tuple[float, float]], room: tuple[float, float], rng: np.random.Generator) -> tuple[list[tuple[tuple[float, float], Spot]], list[tuple[float, float]]]:
    """Pieces that lie in the box, where, and those that do not yet, of which some may not fit; metres."""
    count = 0 if rng.random() < 0.25 else int(rng.integers(0, len(pieces) + 1))
    errs = rng.choice([0.0, 0.15, 0.4])
    packed: list[tuple[tuple[float, float], Spot]] = []
    left = list(pieces)
    taken: list[Rectangle] = []
    for _ in range(count):
        i = int(rng.integers(len(left))) if rng.random() < 0.2 else 0
        spots = (all_spots if rng.random() < errs else best_spots)(left[i], room, taken)
        if not spots:
            continue
        piece, spot = left.pop(i), spots[rng.integers(len(spots))]
        w, h = piece[::-1] if spot.across else piece
        taken.append(Rectangle((spot.x - w / 2, spot.x + w / 2), (spot.y - h / 2, spot.y + h / 2)))
        packed.append((piece, spot))
    return packed, left


def beside(things: list[Thing], color: str, size: tuple[float, float], rng: np.random.Generator) -> list[Thing]:
    """A block of `size` cells on the table, clear of all others; none where no room is found."""
    box, radius = things[0], math.hypot(*size) / 2
    for _ in range(60):
        u, v = (rng.uniform(radius, side - radius) for side in SHAPE)
        x, y = in_frame(box, u, v)
        out = math.hypot(max(0.0, abs(x) - box.size[0] / 2), max(0.0, abs(y) - box.size[1] / 2))
        if out > radius + 2 and all(math.hypot(t.u - u, t.v - v) > radius + math.hypot(*t.size) / 2 for t in things[1:]):
            return [Thing(len(things) + 1, "block", color, u, v, rng.uniform(-math.pi, math.pi), size, names_of("block"))]
    return []


def picture(things: list[Thing], rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Colour, height and labels."""
    table = rng.uniform(25, 215) * rng.uniform(0.85, 1.1, 3)
    color = np.broadcast_to(table, (*SHAPE, 3)).astype(np.float32)
    height, labels = np.zeros(SHAPE, np.float32), np.zeros(SHAPE, np.uint8)
    box, blocks = things[0], things[1:]
    shadow = rng.normal(0, 5, 2)
    dark = rng.uniform(0.45, 1)
    for thing in things:  # on the table
        where, inside = footprint(thing, shadow)
        color[where][inside] *= dark
    brown = look("brown", rng)
    where, inside = footprint(box)
    color[where][inside], height[where][inside], labels[where][inside] = brown * rng.uniform(0.7, 1), 0.002, box.label
    within = np.zeros(SHAPE, bool)
    within[where] = inside
    for thing in things:  # in the box
        where, inside = footprint(thing, shadow)
        color[where][inside & within[where]] *= dark
    where, rim = footprint(box)
    rim &= ~footprint(box, grown=-2 * WALL_M / PIXEL_M)[1]
    color[where][rim], height[where][rim] = brown, HEIGHT_M
    hidden = rng.uniform(-4, 4, 2) if rng.random() < 0.6 else None
    for thing in things if hidden is not None else ():  # from the cameras, behind what stands up
        where, inside = footprint(thing, hidden, grown=-2 * WALL_M / PIXEL_M if thing is box else 0.0)
        inside = within[where] & ~inside if thing is box else inside
        at = inside & (height[where] < 0.04) & (rng.random(inside.shape, np.float32) < rng.uniform(0, 0.7))
        color[where][at], height[where][at] = 0, 0
    for block in blocks:
        where, inside = footprint(block)
        color[where][inside] = look(block.color, rng)
        height[where][inside] = HEIGHT_M + rng.normal(0, 0.0007)
        labels[where][inside] = block.label
    return np.clip(color, 0, 255).astype(np.uint8), height, labels


def look(name: str, rng: np.random.Generator) -> np.ndarray:
    return (np.array(TASK_COLORS[name], np.float32) * 0.93 + 9) * rng.uniform(0.9, 1.05)


def footprint(thing: Thing, shift=(0.0, 0.0), grown: float = 0.0) -> tuple[tuple[slice, slice], np.ndarray]:
    """A window of the map round a thing, and the cells in it that the thing covers, moved by `shift` and longer by `grown` cells."""
    u, v = thing.u + shift[0], thing.v + shift[1]
    reach = math.hypot(*thing.size) / 2 + 2
    span = lambda middle, end: slice(max(0, int(middle - reach)), max(0, min(end, int(middle + reach) + 2)))
    where = span(u, SHAPE[0]), span(v, SHAPE[1])
    us, vs = np.arange(where[0].start, where[0].stop)[:, None] + 0.5, np.arange(where[1].start, where[1].stop)[None] + 0.5
    x, y = in_frame(replace(thing, u=u, v=v), us, vs)
    return where, (abs(x) <= (thing.size[0] + grown) / 2) & (abs(y) <= (thing.size[1] + grown) / 2)
