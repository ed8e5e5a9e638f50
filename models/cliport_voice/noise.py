"""What a microphone adds to speech: noise of several kinds, a room, a level. And the runtime's noise filter."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .moonshine import SAMPLE_RATE_HZ
from .speech import MARGIN_S, Bank
from .vocoder import drawn, revoiced

MARGIN = round(MARGIN_S * SAMPLE_RATE_HZ)


@dataclass(frozen=True)
class Conditions:
    """How often, and how much."""

    clean: float = 0.2
    """Share of clips without noise."""
    least_db: float = 2.0
    most_db: float = 26.0
    """Power of the speech to that of the noise."""
    room: float = 0.25
    """Share of clips with reverberation."""
    filtered: float = 0.3
    """Share of clips that go through the noise filter."""
    revoiced: float = 0.3
    """Share of clips in another voice (`vocoder`)."""


def colored(length: int, exponent: float, rng: np.random.Generator) -> np.ndarray:
    """Noise whose power falls with frequency to this exponent: 0 white, 1 pink, 2 brown."""
    spectrum = np.fft.rfft(rng.standard_normal(length))
    frequency = np.fft.rfftfreq(length, 1 / SAMPLE_RATE_HZ)
    return np.fft.irfft(spectrum * np.maximum(frequency, 30) ** (-exponent / 2), length)


def hum(length: int, rng: np.random.Generator) -> np.ndarray:
    """Of mains or a drive: a tone of 48 to 400 Hz with its overtones, and some pink noise."""
    base, time_s = rng.uniform(48, 400), np.arange(length) / SAMPLE_RATE_HZ
    tones = sum(rng.uniform(0, 1) / k * np.sin(2 * np.pi * (k * base * time_s + rng.uniform())) for k in range(1, 12))
    rest = colored(length, 1, rng)
    return tones / (tones.std() + 1e-9) + rng.uniform(0.1, 0.7) * rest / rest.std()


def babble(length: int, bank: Bank, rng: np.random.Generator) -> np.ndarray:
    """Three to six voices at once, each over and over."""
    total = np.zeros(length, np.float32)
    for _ in range(rng.integers(3, 7)):
        voice = bank.speech(int(rng.integers(len(bank))))
        total += rng.uniform(0.4, 1) * np.roll(np.resize(voice / (voice.std() + 1e-6), length), int(rng.integers(length)))
    return total


def noise(length: int, bank: Bank, rng: np.random.Generator) -> np.ndarray:
    kind = rng.random()
    if kind < 0.45:
        return rng.standard_normal(length)
    if kind < 0.7:
        return colored(length, rng.uniform(0.3, 1.8), rng)
    return babble(length, bank, rng) if kind < 0.85 else hum(length, rng)


def in_room(clip: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """With the echoes of a room: noise that dies away by 60 dB in 0.1 to 0.45 s behind the direct sound."""
    decay_s = rng.uniform(0.1, 0.45)
    time_s = np.arange(int(decay_s * SAMPLE_RATE_HZ)) / SAMPLE_RATE_HZ
    echo = rng.standard_normal(len(time_s)) * 10 ** (-3 * time_s / decay_s)
    echo *= rng.uniform(0.15, 0.7) / np.linalg.norm(echo)
    echo[0] = 1.0
    size = len(clip) + len(echo)
    return np.fft.irfft(np.fft.rfft(clip, size) * np.fft.rfft(echo, size), size)[: len(clip)]


def disturbed(bank: Bank, index: int, conditions: Conditions, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """A clip as a microphone would have it, with the runtime's silence at both ends; and without anything but its voice."""
    row, clean = bank.rows[index], bank.clip(index)
    place = slice(row["begin"], row["end"])
    if conditions.revoiced > 0 and rng.random() < conditions.revoiced:
        clean[place] = revoiced(clean[place], drawn(rng), rng)
    clip, speech = clean, clean[place]
    if rng.random() < conditions.room:
        clip = in_room(clip, rng)
    inner = slice(MARGIN, len(clip) - MARGIN)
    sound = clip[inner]
    if rng.random() >= conditions.clean:
        added = noise(len(sound), bank, rng)
        ratio_db = rng.uniform(conditions.least_db, conditions.most_db)
        power = float(np.mean(speech**2)) / 10 ** (ratio_db / 10)
        sound = sound + added * np.sqrt(power / (np.mean(added**2) + 1e-12))
    sound = np.clip(sound * 10 ** (rng.uniform(-12, 4) / 20), -1, 1)
    if rng.random() < conditions.filtered:
        sound = denoised(sound)
    out = np.zeros(len(clip), np.float32)
    out[inner] = sound
    return out, clean


FRAME, HOP = 512, 128
WINDOW = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(FRAME) / FRAME)


def denoised(audio: np.ndarray) -> np.ndarray:
    """The noise filter of the runtime (src/io/voice/denoise.ts), which says where it comes from."""
    padded = np.pad(audio, FRAME)
    count = -(-(len(audio) + FRAME) // HOP) + 1
    padded = np.pad(padded, (0, max(0, count * HOP + FRAME - len(padded))))
    frames = np.lib.stride_tricks.sliding_window_view(padded, FRAME)[: count * HOP : HOP] * WINDOW
    spectra = np.fft.rfft(frames)
    outside = FRAME // HOP
    powers = np.abs(spectra) ** 2
    whole = powers[outside : -outside - 1]
    order = np.argsort(whole.sum(1), kind="stable")
    quiet = max(8, round(len(whole) * 0.1))
    if len(whole) < 16 or whole[order[8]].sum() == 0:
        return audio
    floor = whole[order[:quiet]].mean(0)
    before, gains = np.zeros(FRAME // 2 + 1), np.empty_like(powers)
    for k, ratio in enumerate(powers / (floor + 1e-12)):
        speech = np.maximum(10**-2.5, 0.98 * before + 0.02 * np.maximum(0, ratio - 1))
        gain = speech / (1 + speech)
        before = gain * gain * ratio
        gains[k] = np.maximum(0.3, gain)
    filtered = np.fft.irfft(spectra * gains) * WINDOW / 1.5
    total = np.zeros(count * HOP + FRAME)
    for k, frame in enumerate(filtered):
        total[k * HOP : k * HOP + FRAME] += frame
    return total[FRAME : FRAME + len(audio)]
