"""The place map: key features correlated with every rotated crop's features, by Fourier transforms that are matrix products.

The published code convolves with 64 x 64 kernels (padding 32, so that rows and columns grow by one), resizes the result
bilinearly to the size before, and cuts the padding off. All three are linear: the resize and the cut are rows of the
matrix that transforms back, and only cells that are kept are calculated. Six times fewer multiplications than the
convolution; ONNX Runtime's own DFT is many times slower than its matrix product.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn


def resize_matrix(inputs: int, outputs: int) -> Tensor:
    """outputs x inputs: bilinear resize, corners not aligned, as F.interpolate calculates it."""
    position = ((torch.arange(outputs, dtype=torch.float64) + 0.5) * (inputs / outputs) - 0.5).clamp(min=0)
    low = position.floor().long().clamp(max=inputs - 1)
    high = (low + 1).clamp(max=inputs - 1)
    share = position - low
    matrix = torch.zeros(outputs, inputs, dtype=torch.float64)
    rows = torch.arange(outputs)
    matrix.index_put_((rows, low), 1 - share, accumulate=True)
    matrix.index_put_((rows, high), share, accumulate=True)
    return matrix


def dft_length(at_least: int) -> int:
    """The matrix product runs best on multiples of 16."""
    return -(-at_least // 16) * 16


class Axis:
    """
    The matrices of one axis, of a real correlation sum over j of key[i + j - pad] * query[j] by a transform of `length`:
    complex spectra have their real parts first, then their imaginary parts.
    """

    def __init__(self, key: int, crop: int, pad: int):
        self.length = dft_length(key + 2 * pad)
        phase = lambda a, b: (2 * torch.pi / self.length) * torch.outer(a, b)
        at_key = torch.arange(key, dtype=torch.float64) + pad
        at_query = torch.arange(crop, dtype=torch.float64)
        self.at_kept = resize_matrix(key + 2 * pad - crop + 1, key)[pad : key - pad]
        self.frequencies = torch.arange(self.length, dtype=torch.float64)
        self.half = torch.arange(self.length // 2 + 1, dtype=torch.float64)
        self.phase_key = lambda frequencies: phase(frequencies, at_key)
        self.phase_query = lambda frequencies: phase(frequencies, at_query)
        self.phase_out = lambda frequencies: phase(torch.arange(self.at_kept.shape[1], dtype=torch.float64), frequencies)


class Correlation(nn.Module):
    """Key, 1 x C x H x W, and query, R x C x crop x crop, to R x (H - 2 pad) x (W - 2 pad): as the published code, by spectra."""

    def __init__(self, height: int, width: int, crop: int, pad: int):
        super().__init__()
        down, across = Axis(height, crop, pad), Axis(width, crop, pad)
        self.half = len(across.half)
        # Along columns first: a real picture's spectrum is symmetric, half of it is enough.
        keep = lambda name, matrix: self.register_buffer(name, matrix.float().contiguous(), persistent=False)
        pair = lambda p: torch.cat([p.cos(), -p.sin()], dim=0).T
        keep("key_across", pair(across.phase_key(across.half)))
        keep("query_across", pair(across.phase_query(across.half)))
        for name, phases in (("key_down", down.phase_key(down.frequencies)), ("query_down", down.phase_query(down.frequencies))):
            keep(f"{name}_cos", phases.cos())
            keep(f"{name}_sin", phases.sin())
        back = down.phase_out(down.frequencies)
        keep("back_cos", down.at_kept @ back.cos() / down.length)
        keep("back_sin", down.at_kept @ back.sin() / down.length)
        weight = torch.full((self.half,), 2.0, dtype=torch.float64)
        weight[0] = 1
        if across.length % 2 == 0:
            weight[-1] = 1
        out = across.phase_out(across.half)
        real, imaginary = across.at_kept @ (out.cos() * weight), across.at_kept @ (-out.sin() * weight)
        keep("back_across", torch.cat([real, imaginary], dim=1).T / across.length)

    def _spectrum(self, x: Tensor, across: Tensor, cos: Tensor, sin: Tensor) -> tuple[Tensor, Tensor]:
        """Real pictures, ... x H x W, to real and imaginary parts, ... x length x half."""
        y = x @ across
        real, imaginary = y[..., : self.half], y[..., self.half :]
        return cos @ real + sin @ imaginary, cos @ imaginary - sin @ real

    def forward(self, key: Tensor, query: Tensor) -> Tensor:
        key_real, key_imaginary = self._spectrum(key, self.key_across, self.key_down_cos, self.key_down_sin)
        query_real, query_imaginary = self._spectrum(query, self.query_across, self.query_down_cos, self.query_down_sin)
        # Correlation: the query's spectrum is conjugated.
        real = (key_real * query_real + key_imaginary * query_imaginary).sum(dim=1)
        imaginary = (key_imaginary * query_real - key_real * query_imaginary).sum(dim=1)
        rows_real = self.back_cos @ real - self.back_sin @ imaginary
        rows_imaginary = self.back_cos @ imaginary + self.back_sin @ real
        return torch.cat([rows_real, rows_imaginary], dim=-1) @ self.back_across
