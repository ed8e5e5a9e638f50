"""The spatial stream: colour and height at full resolution, without language."""

from __future__ import annotations

from torch import Tensor, nn

from .blocks import head, pair, resized, upsample
from .normalize import for_spatial


class SpatialWithLaterals(nn.Module):
    """Encoder to 1/16 of the resolution, decoder to twice the resolution; `ResNet45_10s` of the publication."""

    def __init__(self, width: int, outputs: int):
        super().__init__()
        w = width
        self.conv1 = nn.Sequential(nn.Conv2d(6, w, 3, padding=1), nn.ReLU())
        self.layer1 = nn.Sequential(*pair(w, w))
        for layer in range(2, 6):
            setattr(self, f"layer{layer}", nn.Sequential(*pair(w << (layer - 2), w << (layer - 1), stride=2)))
        for layer in range(6, 11):
            channels = (16 * w) >> (layer - 5)
            setattr(self, f"layer{layer}", nn.Sequential(*pair(2 * channels, channels), upsample()))
        self.conv2 = nn.Sequential(*head(w // 2, w // 4, outputs))

    def features(self, x: Tensor) -> tuple[Tensor, list[Tensor]]:
        """Raw cells, N x 6 x H x W, to the head's output at twice the resolution and the input of each decoder stage, coarse to fine."""
        x = self.layer1(self.conv1(for_spatial(x)))
        for layer in range(2, 6):
            x = getattr(self, f"layer{layer}")(x)
        laterals = []
        for layer in range(6, 11):
            laterals.append(x)
            x = getattr(self, f"layer{layer}")(x)
        laterals.append(x)
        return self.conv2(x), laterals

    def forward(self, x: Tensor) -> tuple[Tensor, list[Tensor]]:
        y, laterals = self.features(x)
        return resized(y, x), laterals


class SpatialAlone(nn.Module):
    """Encoder to 1/8 and decoder to full resolution, one sequence of layers; `ResNet43_8s` of the publication (Transporter)."""

    def __init__(self, width: int, outputs: int):
        super().__init__()
        w = width
        # The published sequence has an identity in place of the first batch norm: it counts in the names of the keys.
        self.layers = nn.Sequential(
            nn.Conv2d(6, w, 3, padding=1), nn.Identity(), nn.ReLU(),
            *pair(w, w), *pair(w, 2 * w, 2), *pair(2 * w, 4 * w, 2), *pair(4 * w, 8 * w, 2),
            *pair(8 * w, 4 * w), upsample(), *pair(4 * w, 2 * w), upsample(), *pair(2 * w, w), upsample(),
            *head(w, w // 4, outputs),
        )  # fmt: skip

    def forward(self, x: Tensor) -> Tensor:
        return self.layers(for_spatial(x))
