"""Sizes of the `edge` network, and the constants that its parts and its labels share."""

from __future__ import annotations

from dataclasses import asdict, dataclass

STRIDE = 4  # cells of the heightmap along one cell of the trunk
# Streams of the trunk, what the first hands to the second, and the sentence.
PARTS = ("spatial", "semantic", "laterals", "language")
NEVER = -1e4  # logit of what must not be chosen; finite, so that a map of nothing else still has an arg-max


@dataclass(frozen=True)
class EdgeConfig:
    vocabulary: int
    rows: int = 320
    cols: int = 160
    rotations: int = 36
    channels: int = 40
    embedding: int = 64
    reference_channels: int = 16
    key_channels: int = 8
    crop: int = 16  # cells of the trunk along the side of the query
    zoom_channels: int = 24
    zoom_cells: int = 64  # cells of the heightmap along the side of the zoom
    slide_channels: int = 4  # of what is slid over what, at half the resolution
    slides: int = 6
    zooms: bool = True  # whether decisions use the zoom stage; off only to measure what it is worth
    without: tuple[str, ...] = ()  # parts of the trunk that say nothing (PARTS), only to measure what they are worth

    def __post_init__(self):
        object.__setattr__(self, "without", tuple(self.without))
        if not set(self.without) <= set(PARTS):
            raise SystemExit(f"network: no part {', '.join(sorted(set(self.without) - set(PARTS)))}; there are {', '.join(PARTS)}")

    @property
    def text_size(self) -> int:
        return 4 * self.embedding

    def to_json(self) -> dict:
        return {name: list(value) if name == "without" else value for name, value in asdict(self).items() if value != ()}
