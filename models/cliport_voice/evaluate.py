"""How well encoders hear: word error rate of the free path, by ONNX Runtime as the robot runs it.

    python -m cliport_voice.evaluate --encoder A.ort B.ort (--bank BANK [--clips N] [--noise-db R] | --recordings FOLDER)

A bank is of `speech`; FOLDER has WAV files (16 kHz, 16 bit, mono), each with its words in a file NAME.txt beside it.
Noise is white, at that ratio of the speech's power to its own, the same for each encoder.
"""

from __future__ import annotations

import argparse
import os
import re
from collections.abc import Iterator
from pathlib import Path

os.environ["ORT_DISABLE_TELEMETRY"] = "1"

import numpy as np  # noqa: E402
import onnxruntime as ort  # noqa: E402

from .moonshine import BEGIN, END, HEAD_WIDTH, HEADS, SAMPLE_RATE_HZ  # noqa: E402
from .noise import MARGIN  # noqa: E402
from .speech import Bank, samples_of  # noqa: E402
from .tokenizer import Tokenizer  # noqa: E402

TOKENS_PER_SECOND = 6.5


def session(file: Path) -> ort.InferenceSession:
    options = ort.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    return ort.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])


def encoded(encoder: ort.InferenceSession, audio: np.ndarray) -> np.ndarray:
    """@param audio with its margins of silence. @returns 1 x steps x WIDTH"""
    feed = {"input_values": audio[None].astype(np.float32), "attention_mask": np.ones((1, len(audio)), np.int64)}
    return encoder.run(None, feed)[0]


class Listener:
    def __init__(self, encoder: Path, model: Path):
        self.encoder, self.decoder = session(encoder), session(model / "decoder_model_merged.ort")
        self.tokenizer = Tokenizer(model / "tokenizer.bin")

    def logits(self, hidden: np.ndarray, rows: list[list[int]]) -> np.ndarray:
        """Of the token after each of some tokens, rows x length x vocabulary."""
        feed = {
            "encoder_attention_mask": np.ones((len(rows), hidden.shape[1]), np.int64),
            "encoder_hidden_states": np.repeat(hidden, len(rows), 0),
            "input_ids": np.array(rows, np.int64),
            "use_cache_branch": np.array([False]),
        }
        for put in self.decoder.get_inputs():
            if put.name.startswith("past"):
                feed[put.name] = np.zeros((len(rows), HEADS, 0, HEAD_WIDTH), np.float32)
        return self.decoder.run(["logits"], feed)[0]

    def hear(self, audio: np.ndarray) -> str:
        """The likeliest token after the likeliest tokens."""
        hidden, tokens = encoded(self.encoder, audio), [BEGIN]
        for _ in range(max(12, int(len(audio) / SAMPLE_RATE_HZ * TOKENS_PER_SECOND))):
            token = int(self.logits(hidden, [tokens])[0, -1].argmax())
            if token == END:
                break
            tokens.append(token)
        return self.tokenizer.decode(tokens)


NUMBERS = dict(zip("0 1 2 3 4 5 6 7 8 9 10 11 12 15 20 30 40 50".split(), "zero one two three four five six seven eight nine ten eleven twelve fifteen twenty thirty forty fifty".split(), strict=True))


def words_of(text: str) -> list[str]:
    return [NUMBERS.get(word, word) for word in re.sub(r"[^a-z0-9' ]", " ", text.lower().replace("grey", "gray")).split()]


def distance(said: list[str], heard: list[str]) -> int:
    """Fewest words to change, to leave out and to add (Levenshtein)."""
    row = list(range(len(heard) + 1))
    for i, word in enumerate(said, 1):
        above, row[0] = row[0], i
        for j, other in enumerate(heard, 1):
            above, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, above + (word != other))
    return row[-1]


def with_white_noise(clip: np.ndarray, speech: np.ndarray, ratio_db: float, seed: int) -> np.ndarray:
    """@param clip with its margins of silence, which stay silent"""
    inner = slice(MARGIN, len(clip) - MARGIN)
    noisy = clip.copy()
    sigma = np.sqrt(np.mean(speech**2) / 10 ** (ratio_db / 10))
    noisy[inner] += sigma * np.random.default_rng(seed).standard_normal(len(clip) - 2 * MARGIN)
    return noisy.astype(np.float32)


def bank_clips(bank: Bank, count: int, noise_db: float | None) -> Iterator[tuple[str, str, np.ndarray]]:
    """Group, words and sound of each clip."""
    for index in range(min(count, len(bank))):
        clip = bank.clip(index)
        sound = clip if noise_db is None else with_white_noise(clip, bank.speech(index), noise_db, index)
        yield "goals" if bank.rows[index]["goal"] else "talk", bank.rows[index]["text"], sound


def recorded_clips(folder: Path, noise_db: float | None) -> Iterator[tuple[str, str, np.ndarray]]:
    for number, file in enumerate(sorted(folder.glob("*.wav"))):
        samples, rate_hz = samples_of(file)
        if rate_hz != SAMPLE_RATE_HZ:
            raise SystemExit(f"evaluate: {file} has {rate_hz} Hz, not {SAMPLE_RATE_HZ}")
        clip = np.pad(samples, MARGIN)
        sound = clip if noise_db is None else with_white_noise(clip, samples, noise_db, number)
        yield "recordings", file.with_suffix(".txt").read_text(), sound


def main() -> None:
    parser = argparse.ArgumentParser(description="Word error rate of the free path.")
    parser.add_argument("--encoder", type=Path, nargs="+", required=True)
    parser.add_argument("--model", type=Path, default=Path("models/voice/moonshine-tiny-en"))
    parser.add_argument("--bank", type=Path)
    parser.add_argument("--recordings", type=Path)
    parser.add_argument("--clips", type=int, default=200)
    parser.add_argument("--noise-db", type=float, default=None)
    parser.add_argument("--verbose", action="store_true")
    options = parser.parse_args()
    for encoder in options.encoder:
        listener, errors = Listener(encoder, options.model), {}
        if options.bank is not None:
            clips = bank_clips(Bank(options.bank), options.clips, options.noise_db)
        else:
            clips = recorded_clips(options.recordings, options.noise_db)
        for group, text, sound in clips:
            heard = listener.hear(sound)
            wrong, total, count = errors.get(group, (0, 0, 0))
            errors[group] = (wrong + distance(words_of(text), words_of(heard)), total + len(words_of(text)), count + 1)
            if options.verbose:
                print(f"  {text} | {heard}")
        for group, (wrong, total, count) in sorted(errors.items()):
            print(f"{encoder}: {group}: word error rate {wrong / total:.4f} ({wrong} of {total} words, {count} clips)", flush=True)


if __name__ == "__main__":
    main()
