"""How large the networks are. The published sizes are the defaults; tests use smaller ones of the same structure."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, fields
from pathlib import Path


@dataclass(frozen=True)
class Sizes:
    """Heightmap in cells, channels of the networks. Paddings and crops are multiples of 32, the stride of CLIP's RN50."""

    rows: int = 320
    cols: int = 160
    rotations: int = 36
    crop: int = 64
    """Side of the crop round the pick, cells; half of it pads the heightmap of the transport networks."""
    spatial_width: int = 64
    """Channels of the spatial stream at full resolution; doubled at every halving of the resolution."""
    clip_width: int = 64
    clip_blocks: tuple[int, int, int, int] = (3, 4, 6, 3)
    clip_input: int = 224
    """Side of the picture that CLIP was trained on; only the shape of its unused attention pool depends on it."""
    text_vocabulary: int = 49408
    text_length: int = 77
    text_width: int = 512
    text_heads: int = 8
    text_layers: int = 12
    text_embedding: int = 1024

    @property
    def pad(self) -> int:
        return self.crop // 2

    @property
    def attention_pad(self) -> tuple[int, int]:
        """Rows and columns of zeros on each side that make the attention network's input square."""
        side = max(self.rows, self.cols)
        return (side - self.rows) // 2, (side - self.cols) // 2

    def to_json(self) -> dict:
        return asdict(self)


def read_sizes(file: Path | None) -> Sizes:
    """Sizes of a JSON file; None: as published. @raises SystemExit for a key that is none of them"""
    if file is None:
        return Sizes()
    values = json.loads(file.read_text())
    names = [field.name for field in fields(Sizes)]
    if unknown := [key for key in values if key not in names]:
        raise SystemExit(f"{file}: expected keys of {', '.join(names)} but received {', '.join(unknown)}")
    return Sizes(**{key: tuple(value) if isinstance(value, list) else value for key, value in values.items()})
