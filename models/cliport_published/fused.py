"""A network of the agent, calculated in another order than blocks.py has it: equal but for rounding, in less time and memory.

- What enters a lateral fusion has been through a ReLU (a bilinear resize keeps that), so the fusion's own ReLU changes
  nothing, and its 1x1 convolution of the joined channels is the sum of two, without the join.
- A 1x1 convolution and a bilinear resize may change places. So the last stage, which works at twice the resolution only to
  be averaged to the resolution of the input again, is calculated before it is enlarged wherever it is linear.
"""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor, nn

from .agent import Streams
from .blocks import BatchStatisticsNorm, LateralFusion, upsample
from .normalize import for_semantic, for_spatial
from .semantic import Semantic
from .spatial import SpatialWithLaterals


class ExportedNorm(nn.Module):
    """BatchStatisticsNorm in operators that ONNX Runtime has."""

    def __init__(self, norm: BatchStatisticsNorm):
        super().__init__()
        self.weight, self.bias, self.eps = norm.weight, norm.bias, norm.eps

    def forward(self, x: Tensor) -> Tensor:
        if x.shape[0] == 1:
            return F.instance_norm(x, weight=self.weight, bias=self.bias, eps=self.eps)
        centred = x - x.mean(dim=(0, 2, 3), keepdim=True)
        scale = self.weight[:, None, None] * (centred.square().mean(dim=(0, 2, 3), keepdim=True) + self.eps).rsqrt()
        return centred * scale + self.bias[:, None, None]


def with_exported_norms(module: nn.Module) -> nn.Module:
    """Replaces the norms within `module`."""
    for name, child in module.named_children():
        if isinstance(child, BatchStatisticsNorm):
            setattr(module, name, ExportedNorm(child))
        else:
            with_exported_norms(child)
    return module


def fused(fusion: LateralFusion, x: Tensor, other: Tensor) -> Tensor:
    """The fusion of two inputs without negative values."""
    weight, split = fusion.conv[1].weight, x.shape[1]
    return F.conv2d(x, weight[:, :split]) + F.conv2d(other, weight[:, split:])


def mean_of_enlarged(x: Tensor) -> Tensor:
    """To twice the resolution, corners aligned, and back as the mean of 2 x 2 cells."""
    return F.avg_pool2d(upsample()(x), 2)


class SpatialPart(nn.Module):
    """SpatialWithLaterals: the output, and the inputs of its decoder's stages; the last of them before it is enlarged."""

    def __init__(self, stream: SpatialWithLaterals):
        super().__init__()
        self.stream = stream

    def forward(self, x: Tensor) -> tuple[Tensor, list[Tensor]]:
        s = self.stream
        x = s.layer1(s.conv1(for_spatial(x)))
        for layer in range(2, 6):
            x = getattr(s, f"layer{layer}")(x)
        laterals = []
        for layer in range(6, 10):
            laterals.append(x)
            x = getattr(s, f"layer{layer}")(x)
        laterals.append(x)
        last = s.layer10[:-1](x)
        first, second = s.conv2
        enlarge = upsample()
        y = F.relu(enlarge(first.conv1(last)))
        y = first.conv3(F.relu(first.conv2(y))) + enlarge(first.shortcut(last))
        return F.avg_pool2d(second(y), 2), [*laterals, last]


class SemanticPart(nn.Module):
    """Semantic; of the laterals the last is not yet enlarged."""

    def __init__(self, stream: Semantic):
        super().__init__()
        self.stream = stream

    def forward(self, x: Tensor, text: Tensor, laterals: list[Tensor] | None) -> Tensor:
        s = self.stream
        join = lambda x, stage: fused(getattr(s, f"lat_fusion{stage}"), x, laterals[stage - 1]) if s.fuses else x
        *skips, x = s.clip_rn50.visual(for_semantic(x))
        x = s.conv1(x)
        for stage in (1, 2, 3):
            x = x * getattr(s, f"lang_proj{stage}")(text)[:, :, None, None]
            x = join(getattr(s, f"up{stage}")(x, skips[-stage]), stage)
        for stage in (1, 2):
            x = join(getattr(s, f"{s.stages}{stage}")(x), stage + 3)
        x = join(getattr(s, f"{s.stages}3")[:-1](x), 6)
        last = s.conv2[0]
        return mean_of_enlarged(F.conv2d(x, last.weight)) + last.bias[:, None, None]


class FusedStreams(nn.Module):
    """`Streams`; the module's norms are replaced, so that from then on it is fit for the export alone."""

    def __init__(self, streams: Streams):
        super().__init__()
        with_exported_norms(streams)
        self.spatial = SpatialPart(streams.spatial) if isinstance(streams.spatial, SpatialWithLaterals) else streams.spatial
        self.semantic = SemanticPart(streams.semantic) if streams.semantic is not None else None
        self.fusion = streams.fusion

    def forward(self, x: Tensor, text: Tensor | None) -> Tensor:
        spatial = laterals = None
        if isinstance(self.spatial, SpatialPart):
            spatial, laterals = self.spatial(x)
        elif self.spatial is not None:
            spatial = self.spatial(x)
        if self.semantic is None:
            return spatial
        semantic = self.semantic(x, text, laterals)
        if spatial is None:
            return semantic
        return spatial + semantic if self.fusion is None else self.fusion(spatial, semantic)
