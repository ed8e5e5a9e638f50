"""Speech to train on: sentences spoken by espeak-ng and flite, in a bank on disk.

    python -m cliport_voice.speech --out BANK [--clips 7000] [--seed 1] [--piper VOICE.onnx]

--piper: by that voice instead (PyPI's piper-tts has to be installed). A bank is `audio.i16` (clips one after the other, 16 kHz) and `clips.jsonl` (text, whether it is a goal, length, where the speech
begins and ends, voice). It goes on where it was stopped; the same seed makes the same sentences, voices and places.
Voices are others than those of the test set of benchmarks/voice; a voice is changed by speed, pitch and by playing it faster or
slower, which makes a longer or shorter throat.
"""

from __future__ import annotations

import argparse
import json
import random
import subprocess
import tempfile
import wave
from collections.abc import Callable
from pathlib import Path

import numpy as np

from .moonshine import SAMPLE_RATE_HZ
from .sentences import sentences, written

ESPEAK_VOICES = ("en-us", "en-029", "en-gb-x-gbclan", "en-gb-x-gbcwmd", "en-gb")
"""With a variant always: the test set speaks en-us, en-gb-x-rp and en-gb-scotland as they are, the development set en-us+f4, en-029, en-gb."""
VARIANTS = (
    *("m1", "m2", "m3", "m4", "m5", "m6", "m7", "m8", "f1", "f2", "f3", "f5", "klatt", "klatt2", "klatt4", "Andy", "Annie", "Gene"),
    *("Lee", "Mario", "Michael", "adam", "anika", "belinda", "boris", "caleb", "david", "edward", "linda", "quincy", "rob", "steph", "victor"),
)
FLITE_VOICES = ("kal16", "kal")
FLITE_SHARE = 0.3
MARGIN_S = 0.25
"""Silence that the runtime puts before and behind a piece of sound."""
LENGTH_STEP_S = 0.48
"""Lengths of clips are multiples of this, so that clips of one length make a batch."""
LONGEST_S = 6.24

Speak = Callable[[str, random.Random], tuple[np.ndarray, int, str]]
"""Sentence to samples (-1..1), their rate in Hz, and the voice's name."""


def samples_of(file: Path) -> tuple[np.ndarray, int]:
    with wave.open(str(file)) as sound:
        return np.frombuffer(sound.readframes(sound.getnframes()), np.int16).astype(np.float32) / 32768, sound.getframerate()


def resampled(samples: np.ndarray, factor: float) -> np.ndarray:
    """As many times as long, band-limited, by its spectrum."""
    length = int(round(len(samples) * factor))
    spectrum = np.fft.rfft(np.pad(samples, (0, 512)))
    longer = int(round((len(samples) + 512) * factor))
    size = longer // 2 + 1
    fitted = spectrum[:size] if size <= len(spectrum) else np.pad(spectrum, (0, size - len(spectrum)))
    return (np.fft.irfft(fitted, longer)[:length] * factor).astype(np.float32)


def trimmed(samples: np.ndarray) -> np.ndarray:
    loud = np.flatnonzero(np.abs(samples) > 0.004)
    return samples[loud[0] : loud[-1] + 1] if len(loud) else samples[:0]


def spoken(sentence: str, draw: random.Random) -> tuple[np.ndarray, int, str]:
    """A sentence by a voice of espeak-ng or flite that is drawn: samples, their rate, the voice's name. @raises OSError without these"""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "speech.wav"
        if draw.random() < FLITE_SHARE:
            voice = draw.choice(FLITE_VOICES)
            settings = {"duration_stretch": f"{draw.uniform(0.85, 1.25):.2f}", "int_f0_target_mean": f"{draw.uniform(80, 190):.0f}"}
            options = [part for name, value in settings.items() for part in ("--setf", f"{name}={value}")]
            command = ["flite", "-voice", voice, *options, "-t", sentence, "-o", str(file)]
        else:
            voice = f"{draw.choice(ESPEAK_VOICES)}+{draw.choice(VARIANTS)}"
            pitch, speed = draw.randint(25, 75), draw.randint(130, 205)
            command = ["espeak-ng", "-v", voice, "-p", str(pitch), "-s", str(speed), "-w", str(file), sentence]
        subprocess.run(command, check=True, capture_output=True)
        return *samples_of(file), voice


def piper_voice(file: Path) -> Speak:
    """A voice of Piper (VITS: J. Kim, J. Kong, J. Son, arXiv:2106.06103, 2021), whose melody and speed are drawn."""
    import onnxruntime
    from piper import PiperVoice, SynthesisConfig

    voice, options = PiperVoice.load(str(file)), onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    voice.session = onnxruntime.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])

    def speak(sentence: str, draw: random.Random) -> tuple[np.ndarray, int, str]:
        config = SynthesisConfig(length_scale=draw.uniform(0.85, 1.25), noise_scale=draw.uniform(0.3, 0.9), noise_w_scale=draw.uniform(0.3, 0.9))
        parts = [chunk.audio_float_array for chunk in voice.synthesize(sentence, config)]
        return np.concatenate(parts), voice.config.sample_rate, file.stem

    return speak


def placed(speech: np.ndarray, draw: random.Random) -> tuple[np.ndarray, int] | None:
    """Speech in a clip of one of the lengths, and the sample at which it begins; None: it is too long or too short."""
    least = len(speech) / SAMPLE_RATE_HZ + 2 * MARGIN_S + 0.3
    steps = int(np.ceil(least / LENGTH_STEP_S)) + (draw.random() < 0.25)
    if len(speech) < 0.2 * SAMPLE_RATE_HZ or steps * LENGTH_STEP_S > LONGEST_S:
        return None
    clip = np.zeros(round(steps * LENGTH_STEP_S * SAMPLE_RATE_HZ), np.float32)
    edge = round((MARGIN_S + 0.1) * SAMPLE_RATE_HZ)
    begin = draw.randint(edge, len(clip) - len(speech) - edge)
    clip[begin : begin + len(speech)] = speech
    return clip, begin


class Bank:
    """Clips on disk, of one folder or several. Sound is read where it is asked for."""

    def __init__(self, *folders: Path):
        self.rows, self.audio = [], [np.memmap(folder / "audio.i16", np.int16, "r") for folder in folders]
        for number, folder in enumerate(folders):
            self.rows += [json.loads(line) | {"bank": number} for line in (folder / "clips.jsonl").read_text().splitlines()]

    def __len__(self) -> int:
        return len(self.rows)

    def clip(self, index: int) -> np.ndarray:
        row = self.rows[index]
        return self.audio[row["bank"]][row["at"] : row["at"] + row["length"]].astype(np.float32) / 32768

    def speech(self, index: int) -> np.ndarray:
        """Without the silence around it."""
        row = self.rows[index]
        return self.clip(index)[row["begin"] : row["end"]]


def make_bank(folder: Path, clips: int, seed: int, goals: float, without: frozenset[str], speak: Speak = spoken) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    index_file, audio_file = folder / "clips.jsonl", folder / "audio.i16"
    index_file.touch()
    audio_file.touch()
    rows = [json.loads(line) for line in index_file.read_text().splitlines()]
    at = rows[-1]["at"] + rows[-1]["length"] if rows else 0
    first = rows[-1]["number"] + 1 if rows else 0
    with index_file.open("a") as index, audio_file.open("r+b") as audio:
        audio.truncate(2 * at)
        audio.seek(2 * at)
        made = len(rows)
        for number, (sentence, is_goal) in enumerate(sentences(seed, goals, without)):
            if made == clips:
                break
            if number < first:
                continue
            draw = random.Random(f"{seed} {number}")
            sound, rate_hz, voice = speak(sentence, draw)
            throat = draw.uniform(0.88, 1.14)
            speech = trimmed(resampled(sound, throat * SAMPLE_RATE_HZ / rate_hz))
            if (clip := placed(speech, draw)) is None:
                continue
            samples, begin = clip
            audio.write((samples * 32767).clip(-32768, 32767).astype(np.int16).tobytes())
            audio.flush()
            row = {"number": number, "text": written(sentence), "goal": is_goal, "voice": voice, "at": at, "length": len(samples)}
            index.write(json.dumps(row | {"begin": begin, "end": begin + len(speech)}) + "\n")
            index.flush()
            at, made = at + len(samples), made + 1


def sentences_of_benchmark(file: Path) -> frozenset[str]:
    """All that benchmarks/voice says, in lower case: none of it is trained on."""
    sets = json.loads(file.read_text())
    return frozenset(sentence.lower() for group in sets.values() for part in group.values() for sentence in part)


def main() -> None:
    parser = argparse.ArgumentParser(description="Speaks sentences into a bank to train on.")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--clips", type=int, default=7000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--goals", type=float, default=0.5, help="share of goals; the rest is other English talk")
    parser.add_argument("--without", type=Path, default=Path("benchmarks/voice/sentences.json"))
    parser.add_argument("--piper", type=Path, help="a voice of Piper, VOICE.onnx with VOICE.onnx.json beside it")
    options = parser.parse_args()
    speak = spoken if options.piper is None else piper_voice(options.piper)
    make_bank(options.out, options.clips, options.seed, options.goals, sentences_of_benchmark(options.without), speak)


if __name__ == "__main__":
    main()
