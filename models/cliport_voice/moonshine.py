"""Moonshine tiny in PyTorch: N. Jeffries et al., "Moonshine: Speech Recognition for Live Transcription and Voice Commands",
arXiv:2410.15608, 2024. Sizes are those of the tiny model; weights come from its ONNX Runtime files (`weights`)."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

WIDTH, HEADS, LAYERS, VOCABULARY = 288, 8, 6, 32768
HEAD_WIDTH = WIDTH // HEADS
HIDDEN = 4 * WIDTH
ROTARY = 32  # of a head's 36 values: 0.9 of them, as a multiple of two
SAMPLE_RATE_HZ = 16_000
BEGIN, END = 1, 2


def rotation(steps: int) -> tuple[Tensor, Tensor]:
    """Cosine and sine of each pair of values at each step, steps x ROTARY."""
    frequency = 10_000 ** -(torch.arange(0, ROTARY, 2) / ROTARY)
    angles = torch.outer(torch.arange(steps, dtype=torch.float32), frequency).repeat_interleave(2, 1)
    return angles.cos(), angles.sin()


def rotated(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """Rotary positions on neighbouring pairs of the first values of each head. @param x batch x heads x steps x HEAD_WIDTH"""
    turned, kept = x[..., :ROTARY], x[..., ROTARY:]
    aside = torch.stack((-turned[..., 1::2], turned[..., 0::2]), -1).flatten(-2)
    return torch.cat((turned * cos + aside * sin, kept), -1)


class Attention(nn.Module):
    def __init__(self):
        super().__init__()
        self.q, self.k, self.v, self.o = (nn.Linear(WIDTH, WIDTH, bias=False) for _ in range(4))

    def forward(self, x: Tensor, source: Tensor | None = None, causal: bool = False) -> Tensor:
        """@param source what is looked at, without positions; None: x itself, with them"""
        split = lambda y: y.view(*y.shape[:2], HEADS, HEAD_WIDTH).transpose(1, 2)
        keys = x if source is None else source
        q, k, v = split(self.q(x)), split(self.k(keys)), split(self.v(keys))
        if source is None:
            cos, sin = rotation(x.shape[1])
            q, k = rotated(q, cos, sin).to(v.dtype), rotated(k, cos, sin).to(v.dtype)
        y = F.scaled_dot_product_attention(q, k, v, is_causal=causal)
        return self.o(y.transpose(1, 2).flatten(2))


class EncoderLayer(nn.Module):
    def __init__(self):
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(WIDTH, bias=False), nn.LayerNorm(WIDTH, bias=False)
        self.attention = Attention()
        self.up, self.down = nn.Linear(WIDTH, HIDDEN), nn.Linear(HIDDEN, WIDTH)

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.attention(self.norm1(x))
        return x + self.down(F.gelu(self.up(self.norm2(x))))


class Encoder(nn.Module):
    """Sound to a vector every 24 ms."""

    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv1d(1, WIDTH, 127, 64, bias=False)
        self.norm = nn.GroupNorm(1, WIDTH, eps=1e-5)
        self.conv2 = nn.Conv1d(WIDTH, 2 * WIDTH, 7, 3)
        self.conv3 = nn.Conv1d(2 * WIDTH, WIDTH, 3, 2)
        self.layers = nn.ModuleList(EncoderLayer() for _ in range(LAYERS))
        self.last_norm = nn.LayerNorm(WIDTH, bias=False)

    def forward(self, audio: Tensor) -> Tensor:
        """@param audio batch x samples, 16 kHz, -1..1; all of one length, since the first norm is over the whole sound
        @returns batch x steps x WIDTH"""
        x = self.norm(torch.tanh(self.conv1(audio[:, None])))
        x = F.gelu(self.conv3(F.gelu(self.conv2(x)))).transpose(1, 2)
        for layer in self.layers:
            x = layer(x)
        return self.last_norm(x)


class DecoderLayer(nn.Module):
    def __init__(self):
        super().__init__()
        self.norm1, self.norm2, self.norm3 = (nn.LayerNorm(WIDTH, bias=False) for _ in range(3))
        self.attention, self.cross = Attention(), Attention()
        self.up, self.down = nn.Linear(WIDTH, 2 * HIDDEN), nn.Linear(HIDDEN, WIDTH)

    def forward(self, x: Tensor, sound: Tensor) -> Tensor:
        x = x + self.attention(self.norm1(x), causal=True)
        x = x + self.cross(self.norm2(x), sound)
        value, gate = self.up(self.norm3(x)).chunk(2, -1)
        return x + self.down(F.silu(gate) * value)


class Decoder(nn.Module):
    """Logits of the token that comes next, after each of some tokens."""

    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(VOCABULARY, WIDTH)
        self.layers = nn.ModuleList(DecoderLayer() for _ in range(LAYERS))
        self.last_norm = nn.LayerNorm(WIDTH, bias=False)
        self.output = nn.Linear(WIDTH, VOCABULARY, bias=False)

    def forward(self, tokens: Tensor, sound: Tensor) -> Tensor:
        """@param tokens batch x length; what is behind a sentence's end changes nothing before it
        @param sound batch x steps x WIDTH
        @returns batch x length x VOCABULARY"""
        x = self.embedding(tokens)
        for layer in self.layers:
            x = layer(x, sound)
        return self.output(self.last_norm(x))
