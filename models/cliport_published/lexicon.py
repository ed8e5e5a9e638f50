"""What the published policies were trained to understand: colours, things and relations of their tasks' sentences."""

from __future__ import annotations

# The benchmark's palette (Tableau 10, white and gray), as src/sim/colors.ts has it.
COLORS = {
    "blue": "#4e79a7", "red": "#ff5759", "green": "#59a94f", "orange": "#f28e2b", "yellow": "#edc948", "purple": "#b07aa1",
    "pink": "#ff9da7", "cyan": "#76b7b2", "brown": "#9c755f", "white": "#ffffff", "gray": "#bab0ac",
}  # fmt: skip
NOUNS = {
    "block": ["block"], "bowl": ["bowl"], "box": ["box"], "ring": ["ring"], "rope": ["rope"], "square": ["square"],
    "stand": ["stand"], "hole": ["hole"], "pile": ["pile"],
}  # fmt: skip
RELATIONS = {"in": ["in", "into"], "on": ["on"], "to": ["to"]}
TASKS = [
    "align-rope", "assembling-kits-seq", "packing-boxes-pairs", "packing-shapes", "packing-google-objects-seq",
    "packing-google-objects-group", "put-block-in-bowl", "stack-block-pyramid-seq", "separating-piles", "towers-of-hanoi-seq",
]  # fmt: skip


def lexicon() -> dict:
    """The manifest's `lexicon`."""
    return {"nouns": NOUNS, "colors": COLORS, "relations": RELATIONS, "tasks": TASKS}
