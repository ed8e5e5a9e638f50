"""CLIP's RN50 (Radford et al., 2021): the trunk of its image encoder, and its text encoder."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .sizes import Sizes


class ClipBottleneck(nn.Module):
    """Strides are means over `stride` x `stride` cells, before the last convolution and before the shortcut."""

    def __init__(self, inputs: int, channels: int, stride: int):
        super().__init__()
        outputs = 4 * channels
        self.stride = stride
        self.conv1, self.bn1 = nn.Conv2d(inputs, channels, 1, bias=False), nn.BatchNorm2d(channels)
        self.conv2, self.bn2 = nn.Conv2d(channels, channels, 3, padding=1, bias=False), nn.BatchNorm2d(channels)
        self.conv3, self.bn3 = nn.Conv2d(channels, outputs, 1, bias=False), nn.BatchNorm2d(outputs)
        self.downsample = None
        if stride > 1 or inputs != outputs:
            self.downsample = nn.Sequential(nn.Conv2d(inputs, outputs, 1, bias=False), nn.BatchNorm2d(outputs))

    def forward(self, x: Tensor) -> Tensor:
        y = F.relu(self.bn1(self.conv1(x)))
        y = F.relu(self.bn2(self.conv2(y)))
        if self.stride > 1:
            y, x = F.avg_pool2d(y, self.stride), F.avg_pool2d(x, self.stride)
        y = self.bn3(self.conv3(y))
        return F.relu(y + (x if self.downsample is None else self.downsample(x)))


class AttentionPool(nn.Module):
    """CLIP's last layer, which CLIPort does not use: its weights are in every checkpoint."""

    def __init__(self, width: int, side: int, outputs: int):
        super().__init__()
        self.positional_embedding = nn.Parameter(torch.randn(side * side + 1, width) / width**0.5)
        for name in ("k_proj", "q_proj", "v_proj"):
            setattr(self, name, nn.Linear(width, width))
        self.c_proj = nn.Linear(width, outputs)


class ClipVisual(nn.Module):
    """Pictures to features at 1/4, 1/8, 1/16 and 1/32 of the resolution. Always in eval mode: norms use running statistics."""

    def __init__(self, sizes: Sizes, with_unused: bool):
        super().__init__()
        w = sizes.clip_width
        for index, (inputs, outputs) in enumerate([(3, w // 2), (w // 2, w // 2), (w // 2, w)], 1):
            setattr(self, f"conv{index}", nn.Conv2d(inputs, outputs, 3, stride=2 if index == 1 else 1, padding=1, bias=False))
            setattr(self, f"bn{index}", nn.BatchNorm2d(outputs))
        inputs = w
        for index, blocks in enumerate(sizes.clip_blocks, 1):
            channels = w << (index - 1)
            strides = [1 if index == 1 else 2] + [1] * (blocks - 1)
            layers = [ClipBottleneck(inputs if i == 0 else 4 * channels, channels, stride) for i, stride in enumerate(strides)]
            setattr(self, f"layer{index}", nn.Sequential(*layers))
            inputs = 4 * channels
        if with_unused:
            self.attnpool = AttentionPool(32 * w, sizes.clip_input // 32, sizes.text_embedding)

    def forward(self, x: Tensor) -> list[Tensor]:
        for index in (1, 2, 3):
            x = F.relu(getattr(self, f"bn{index}")(getattr(self, f"conv{index}")(x)))
        x = F.avg_pool2d(x, 2)
        features = []
        for index in (1, 2, 3, 4):
            x = getattr(self, f"layer{index}")(x)
            features.append(x)
        return features


class TextBlock(nn.Module):
    def __init__(self, width: int, heads: int):
        super().__init__()
        self.attn = nn.MultiheadAttention(width, heads)
        self.ln_1 = nn.LayerNorm(width)
        self.mlp = nn.Module()
        self.mlp.c_fc, self.mlp.c_proj = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)
        self.ln_2 = nn.LayerNorm(width)

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        """1 x tokens x width. The attention is written out, so that PyTorch and the exported graph do the same sums."""
        heads, size = self.attn.num_heads, x.shape[-1] // self.attn.num_heads
        queries, keys, values = F.linear(self.ln_1(x), self.attn.in_proj_weight, self.attn.in_proj_bias).chunk(3, dim=-1)
        split = lambda y: y.reshape(-1, heads, size).transpose(0, 1)
        scores = (split(queries) * size**-0.5) @ split(keys).transpose(1, 2) + mask
        attended = (torch.softmax(scores, dim=-1) @ split(values)).transpose(0, 1).reshape(x.shape)
        x = x + self.attn.out_proj(attended)
        y = self.mlp.c_fc(self.ln_2(x))
        return x + self.mlp.c_proj(y * torch.sigmoid(1.702 * y))


class Clip(nn.Module):
    """Both encoders, with the names of OpenAI's module."""

    def __init__(self, sizes: Sizes, with_unused: bool = False):
        super().__init__()
        self.visual = ClipVisual(sizes, with_unused)
        self.transformer = nn.Module()
        self.transformer.resblocks = nn.ModuleList(TextBlock(sizes.text_width, sizes.text_heads) for _ in range(sizes.text_layers))
        self.token_embedding = nn.Embedding(sizes.text_vocabulary, sizes.text_width)
        self.positional_embedding = nn.Parameter(0.01 * torch.randn(sizes.text_length, sizes.text_width))
        self.ln_final = nn.LayerNorm(sizes.text_width)
        self.text_projection = nn.Parameter(torch.randn(sizes.text_width, sizes.text_embedding) * sizes.text_width**-0.5)
        if with_unused:
            self.logit_scale = nn.Parameter(torch.ones([]))

    def encode_text(self, tokens: Tensor) -> Tensor:
        """int64 1 x text_length to 1 x text_embedding: the features of the end token (the largest id), projected, not normalised."""
        length = tokens.shape[1]
        mask = torch.full((length, length), float("-inf"), device=tokens.device).triu(1)
        x = self.token_embedding(tokens) + self.positional_embedding
        for block in self.transformer.resblocks:
            x = block(x, mask)
        # The vector of one token: a product with 0 and 1 is exact, and exports as it stands.
        at_end = (torch.arange(length, device=tokens.device) == tokens.argmax(dim=-1, keepdim=True)).to(x.dtype)
        return (at_end[:, :, None] * self.ln_final(x)).sum(dim=1) @ self.text_projection
