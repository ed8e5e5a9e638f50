"""Ways to fill a box with the same pieces.

The pieces were cut from the box by straight cuts through and through, so the strips on both sides of a cut may change
places, and so may those inside of a strip: nothing in the picture tells one of these packings from another. A piece that
lies in the box already holds its strip where it is.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import groupby

import numpy as np

OVERLAP_CELLS = 1.5  # what lies in the box is not quite where it was to go


@dataclass(frozen=True)
class Piece:
    """A rectangle in the box's frame, along its axes."""

    label: int
    middle: tuple[float, float]  # cells
    half: tuple[float, float]
    packed: bool

    def least(self, axis: int) -> float:
        return self.middle[axis] - self.half[axis]

    def greatest(self, axis: int) -> float:
        return self.middle[axis] + self.half[axis]


def packings(pieces: list[Piece], count: int, rng: np.random.Generator) -> list[list[Piece]]:
    """`count` packings of the same room, the given one first; packed pieces stay."""
    return [pieces, *(rearranged(pieces, rng) for _ in range(count - 1))]


def rearranged(pieces: list[Piece], rng: np.random.Generator) -> list[Piece]:
    for axis in (0, 1):
        strips = cut(pieces, axis)
        if len(strips) > 1:
            return [piece for strip in shuffled(strips, axis, rng) for piece in rearranged(strip, rng)]
    return pieces


def cut(pieces: list[Piece], axis: int) -> list[list[Piece]]:
    """The strips between cuts across an axis that go through no piece, in their order along it."""
    strips: list[list[Piece]] = []
    end = -np.inf
    for piece in sorted(pieces, key=lambda p: p.least(axis)):
        if piece.least(axis) < end - OVERLAP_CELLS:
            strips[-1].append(piece)
        else:
            strips.append([piece])
        end = max(end, piece.greatest(axis))
    return strips


def shuffled(strips: list[list[Piece]], axis: int, rng: np.random.Generator) -> list[list[Piece]]:
    """Neighbouring strips without a packed piece change places; their room and the gaps between them stay."""
    out: list[list[Piece]] = []
    for holds, run in groupby(strips, lambda strip: any(piece.packed for piece in strip)):
        out += run if holds else relaid(list(run), axis, rng)
    return out


def relaid(strips: list[list[Piece]], axis: int, rng: np.random.Generator) -> list[list[Piece]]:
    first = [min(p.least(axis) for p in strip) for strip in strips]
    last = [max(p.greatest(axis) for p in strip) for strip in strips]
    gaps = [a - b for a, b in zip(first[1:], last[:-1], strict=True)]
    out, at = [], first[0]
    for k, i in enumerate(rng.permutation(len(strips))):
        out.append([moved(piece, axis, at - first[i]) for piece in strips[i]])
        at += last[i] - first[i] + (gaps[k] if k < len(gaps) else 0.0)
    return out


def moved(piece: Piece, axis: int, by: float) -> Piece:
    middle = list(piece.middle)
    middle[axis] += by
    return replace(piece, middle=(middle[0], middle[1]))
