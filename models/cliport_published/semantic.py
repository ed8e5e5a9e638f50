"""The semantic stream: CLIP's features of the colours, gated by the sentence, decoded to full resolution."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from .blocks import LateralFusion, Up, pair, resized, upsample
from .clip import Clip
from .normalize import for_semantic
from .sizes import Sizes


class Semantic(nn.Module):
    """`CLIPLingUNetLat` of the publication; without laterals `CLIPLingUNet`."""

    def __init__(self, sizes: Sizes, outputs: int, laterals: bool, with_unused: bool = False):
        super().__init__()
        w = sizes.clip_width
        self.clip_rn50 = Clip(sizes, with_unused)
        self.conv1 = nn.Sequential(nn.Conv2d(32 * w, 16 * w, 3, padding=1, bias=False), nn.ReLU())
        for stage in (1, 2, 3):
            setattr(self, f"lang_proj{stage}", nn.Linear(sizes.text_embedding, (32 * w) >> stage))
            setattr(self, f"up{stage}", Up((64 * w) >> stage, (16 * w) >> stage))
        # The publication calls these stages differently in its two networks.
        self.stages = "layer" if laterals else "dec"
        for stage in (1, 2, 3):
            channels = (2 * w) >> stage
            setattr(self, f"{self.stages}{stage}", nn.Sequential(*pair(2 * channels, channels), upsample()))
        self.fuses = laterals
        if laterals:
            for stage in range(1, 7):
                ours, theirs = (16 * w) >> stage, (32 * sizes.spatial_width) >> stage
                setattr(self, f"lat_fusion{stage}", LateralFusion(ours + theirs, ours))
        self.conv2 = nn.Sequential(nn.Conv2d(w // 4, outputs, 1))

    def features(self, x: Tensor, text: Tensor, laterals: list[Tensor] | None) -> Tensor:
        """Raw cells, the sentence's vector and the spatial stream's laterals to the input of the last 1x1, at twice the resolution."""
        fused = lambda x, stage: getattr(self, f"lat_fusion{stage}")(x, laterals[stage - 1]) if self.fuses else x
        with torch.no_grad():
            *skips, x = self.clip_rn50.visual(for_semantic(x))
        x = self.conv1(x)
        for stage in (1, 2, 3):
            x = x * getattr(self, f"lang_proj{stage}")(text)[:, :, None, None]
            x = fused(getattr(self, f"up{stage}")(x, skips[-stage]), stage)
        for stage in (1, 2, 3):
            x = fused(getattr(self, f"{self.stages}{stage}")(x), stage + 3)
        return x

    def forward(self, x: Tensor, text: Tensor, laterals: list[Tensor] | None = None) -> Tensor:
        return resized(self.conv2(self.features(x, text, laterals)), x)
