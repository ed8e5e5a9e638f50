"""The published agents: which networks they are made of, and what they answer."""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .blocks import LateralFusion, resized
from .normalize import raw_cells
from .rotation import rotated_crops
from .semantic import Semantic
from .sizes import Sizes
from .spatial import SpatialAlone, SpatialWithLaterals

# Channels of key and query.
TRANSPORT_CHANNELS = 3


@dataclass(frozen=True)
class Kind:
    """One row of the publication's table of agents."""

    spatial: str | None
    """'laterals', 'alone' or None."""
    semantic: bool
    parts: tuple[str, str, str] = ("attn_stream", "key_stream", "query_stream")
    """Names of the three networks in a checkpoint, before _one and _two."""


KINDS = {
    "cliport": Kind("laterals", semantic=True),
    "two_stream_clip_lingunet_transporter": Kind("alone", semantic=True),
    "clip_lingunet_transporter": Kind(None, semantic=True),
    "transporter": Kind("alone", semantic=False, parts=("attn_stream", "key_resnet", "query_resnet")),
}


class Streams(nn.Module):
    """One of the three networks: raw cells, N x 6 x H x W, and a sentence's vector to N x outputs x H x W."""

    def __init__(self, kind: Kind, sizes: Sizes, outputs: int, with_unused: bool):
        super().__init__()
        laterals = kind.spatial == "laterals"
        self.spatial = self.semantic = self.fusion = None
        if kind.spatial:
            self.spatial = (SpatialWithLaterals if laterals else SpatialAlone)(sizes.spatial_width, outputs)
        if kind.semantic:
            self.semantic = Semantic(sizes, outputs, laterals, with_unused)
        if kind.spatial and kind.semantic and outputs == TRANSPORT_CHANNELS:
            self.fusion = LateralFusion(2 * outputs, outputs)

    def forward(self, x: Tensor, text: Tensor | None) -> Tensor:
        if self.semantic is None:
            return self.spatial(x)
        if self.spatial is None:
            return self.semantic(x, text)
        spatial, laterals = self.spatial(x) if isinstance(self.spatial, SpatialWithLaterals) else (self.spatial(x), None)
        semantic = self.semantic(x, text, laterals)
        return spatial + semantic if self.fusion is None else self.fusion(spatial, semantic)


def correlated(key: Tensor, query: Tensor, pad: int) -> Tensor:
    """
    F.conv2d(key, query, padding=pad), 1 x C x H x W with R x C x crop x crop to 1 x R x (H + 1) x (W + 1), by Fourier
    transforms in double precision: for kernels of 64 x 64 some releases of PyTorch have only a loop that takes a minute.
    """
    crop = query.shape[-1]
    rows, cols = key.shape[-2] + 2 * pad, key.shape[-1] + 2 * pad
    spectra = torch.fft.rfft2(F.pad(key, [pad] * 4).double()) * torch.fft.rfft2(query.double(), s=(rows, cols)).conj()
    return torch.fft.irfft2(spectra.sum(dim=1), s=(rows, cols))[None, :, : rows - crop + 1, : cols - crop + 1].to(key.dtype)


class Agent(nn.Module):
    """The published agent as `eval.py` runs it: CLIP with running statistics, the decoders with those of the batch."""

    def __init__(self, kind: str, sizes: Sizes, with_unused: bool = False):
        super().__init__()
        self.kind, self.sizes = KINDS[kind], sizes
        self.attention = Streams(self.kind, sizes, 1, with_unused)
        self.key = Streams(self.kind, sizes, TRANSPORT_CHANNELS, with_unused)
        self.query = Streams(self.kind, sizes, TRANSPORT_CHANNELS, with_unused)
        self.eval()

    @property
    def networks(self) -> tuple[Streams, Streams, Streams]:
        return self.attention, self.key, self.query

    def encode_text(self, tokens: Tensor) -> list[Tensor | None]:
        """The sentence's vector for each of the three networks: each has its own CLIP."""
        return [network.semantic and network.semantic.clip_rn50.encode_text(tokens) for network in self.networks]

    def pick_logits(self, cells: Tensor, text: Tensor | None) -> Tensor:
        """Raw cells, 1 x 6 x rows x cols, to rows x cols."""
        rows, cols = self.sizes.attention_pad
        y = self.attention(F.pad(cells, [cols, cols, rows, rows]), text)
        return y[0, 0, rows : rows + self.sizes.rows, cols : cols + self.sizes.cols]

    def place_logits(self, cells: Tensor, pick: tuple[int, int], key_text: Tensor | None, query_text: Tensor | None) -> Tensor:
        """Raw cells and the pick (row, column) to rotations x rows x cols."""
        pad = self.sizes.pad
        padded = F.pad(cells, [pad] * 4)
        crops = rotated_crops(padded, (pick[0] + pad, pick[1] + pad), self.sizes.rotations, self.sizes.crop)
        key, query = self.key(padded, key_text), self.query(crops, query_text)
        return resized(correlated(key, query, pad), key)[0, :, pad:-pad, pad:-pad]

    @torch.no_grad()
    def decide(self, color: Tensor, height: Tensor, texts: list[Tensor | None]) -> dict:
        """uint8 1 x rows x cols x 3 and metres 1 x rows x cols to logits, cells (row, column) and rotation index."""
        cells = raw_cells(color, height)
        pick_logits = self.pick_logits(cells, texts[0])
        pick = divmod(int(pick_logits.argmax()), self.sizes.cols)
        place_logits = self.place_logits(cells, pick, texts[1], texts[2])
        rotation, cell = divmod(int(place_logits.argmax()), self.sizes.rows * self.sizes.cols)
        return {"pick_logits": pick_logits, "pick": pick, "place_logits": place_logits, "place": divmod(cell, self.sizes.cols), "rotation": rotation}
