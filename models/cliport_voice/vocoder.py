"""Speech in another voice: its spectral envelope and melody, spoken again by pulses and noise as parametric synthesizers do.

The envelope is a short cepstrum made minimum-phase (A. Oppenheim, R. Schafer, "Discrete-Time Signal Processing", chapter on the
cepstrum); pitch comes from the autocorrelation. Another pitch, a longer or shorter throat and a smoother envelope make another speaker.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .moonshine import SAMPLE_RATE_HZ

HOP, WINDOW, SIZE = 80, 400, 1024
LOWEST_HZ, HIGHEST_HZ = 70, 400
VOICED = 0.45
"""Autocorrelation at the pitch's period from which a frame is voiced."""


@dataclass(frozen=True)
class Voice:
    pitch_hz: float
    """Median of the melody."""
    throat: float
    """1: as it was; 0.9: formants a tenth higher."""
    order: int
    """Coefficients of the cepstrum: fewer are smoother."""
    smoothing: int
    """Frames of 5 ms over which the envelope is averaged; odd."""
    breath: float
    """Share of noise in voiced sound above 3 kHz, 0..1."""


def drawn(rng: np.random.Generator) -> Voice:
    return Voice(
        pitch_hz=float(np.exp(rng.uniform(np.log(85), np.log(260)))),
        throat=float(rng.uniform(0.85, 1.12)),
        order=int(rng.integers(20, 34)),
        smoothing=int(rng.choice([1, 3, 5])),
        breath=float(rng.uniform(0, 0.8)),
    )


def frames_of(sound: np.ndarray, width: int) -> np.ndarray:
    count = -(-len(sound) // HOP)
    padded = np.pad(sound, (width // 2, width // 2 + HOP))
    return np.lib.stride_tricks.sliding_window_view(padded, width)[: count * HOP : HOP] * np.hanning(width)


def pitch_of(sound: np.ndarray) -> np.ndarray:
    """Hz of each frame, 0 where it is not voiced."""
    width = 640
    power = np.abs(np.fft.rfft(frames_of(sound, width), 2 * SIZE)) ** 2
    own = np.fft.irfft(np.abs(np.fft.rfft(np.hanning(width), 2 * SIZE)) ** 2)
    correlation = np.fft.irfft(power) / (own / own[0])[None].clip(1e-3)
    lags = np.arange(SAMPLE_RATE_HZ // HIGHEST_HZ, SAMPLE_RATE_HZ // LOWEST_HZ)
    found = correlation[:, lags] / (correlation[:, :1] + 1e-9)
    best = found.argmax(1)
    loud = correlation[:, 0] > 1e-4 * correlation[:, 0].max()
    voiced = (found[np.arange(len(found)), best] > VOICED) & loud
    hertz = np.where(voiced, SAMPLE_RATE_HZ / lags[best], 0.0)
    around = np.lib.stride_tricks.sliding_window_view(np.pad(hertz, 2, mode="edge"), 5)
    return np.median(around, 1)


def responses(sound: np.ndarray, voice: Voice) -> np.ndarray:
    """Of each frame's envelope the spectrum of its minimum-phase filter."""
    levels = np.log(np.abs(np.fft.rfft(frames_of(sound, WINDOW), SIZE)) + 1e-5)
    cepstrum = np.fft.irfft(levels)[:, : voice.order]
    smooth = np.apply_along_axis(np.convolve, 0, np.pad(cepstrum, ((voice.smoothing // 2,) * 2, (0, 0)), mode="edge"), np.ones(voice.smoothing) / voice.smoothing, "valid")
    lifter = np.zeros((len(smooth), SIZE))
    lifter[:, : voice.order] = 2 * smooth
    lifter[:, 0] /= 2
    spectrum = np.fft.rfft(lifter)
    bins = np.minimum(np.arange(SIZE // 2 + 1) * voice.throat, SIZE // 2)
    low, part = np.floor(bins).astype(int), (bins % 1)[None]
    high = np.minimum(low + 1, SIZE // 2)
    return np.exp(spectrum[:, low] * (1 - part) + spectrum[:, high] * part)


def excitation(hertz: np.ndarray, voice: Voice, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Pulses and noise, a row a frame, each of unit power where it is sounded."""
    per_sample = np.repeat(hertz, HOP) / SAMPLE_RATE_HZ
    phase = np.floor(np.cumsum(per_sample) + rng.uniform())
    strikes = np.diff(phase, prepend=phase[0]) > 0
    pulses = np.where(strikes, 1 / np.sqrt(np.maximum(per_sample, 1e-6)), 0.0) * (per_sample > 0)
    return pulses.reshape(-1, HOP), rng.standard_normal((len(hertz), HOP))


def revoiced(sound: np.ndarray, voice: Voice, rng: np.random.Generator) -> np.ndarray:
    """@param sound 16 kHz without noise. @returns as long and as loud, in another voice"""
    hertz = pitch_of(sound)
    if (hertz > 0).sum() < 5:
        return sound
    scaled = hertz * voice.pitch_hz / np.median(hertz[hertz > 0])
    pulses, noise = excitation(scaled, voice, rng)
    frequency = np.fft.rfftfreq(SIZE, 1 / SAMPLE_RATE_HZ)
    airy = voice.breath / (1 + np.exp(-(frequency - 3000) / 400))
    voiced = (scaled > 0)[:, None]
    share = np.where(voiced, airy[None], 1.0)
    source = np.fft.rfft(pulses, SIZE) * np.sqrt(1 - share) + np.fft.rfft(noise, SIZE) * np.sqrt(share)
    pieces = np.fft.irfft(source * responses(sound, voice))
    total = np.zeros(len(pieces) * HOP + SIZE)
    for k, piece in enumerate(pieces):
        total[k * HOP : k * HOP + SIZE] += piece
    total = total[: len(sound)]
    return (total * (np.std(sound) / (np.std(total) + 1e-9))).astype(np.float32)
