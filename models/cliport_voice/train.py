"""Adapts Moonshine's encoder to noise; its decoder stays as it is. Resumable; one core is enough (float32: bfloat16 took 1.5 times as long
on a core with AVX-512 BF16).

    python -m cliport_voice.train --bank BANK... --model models/voice/moonshine-tiny-en --out RUN [--set NAME=VALUE ...] [--resume]

Two things are asked of what it makes of a disturbed clip: to be what the original encoder makes of the clean one, and to let the
original decoder write what was said. Half of the sentences are no goals, so that it does not learn to hear goals everywhere.
Writes to RUN: last.pt (once a minute), final.pt, config.json, progress.jsonl.
"""

from __future__ import annotations

import argparse
import copy
import json
import random
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, fields
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from .moonshine import Decoder, Encoder
from .noise import Conditions, disturbed
from .speech import Bank
from .tokenizer import Tokenizer
from .weights import decoder_of, encoder_of

SAVE_INTERVAL_S = 60
REPORT_STEPS = 25


@dataclass(frozen=True)
class TrainConfig:
    seed: int = 1
    steps: int = 1000
    batch: int = 8
    learning_rate: float = 2.5e-4
    warm_up_steps: int = 60
    decay_steps: int = 150
    """The last steps, over which the rate falls to nothing."""
    distill_weight: float = 10.0
    """Of the squared distance to the original's output for the clean clip, as a share of that output's square."""
    word_weight: float = 0.1
    """Of the cross-entropy of a token, nats. Small: at 1, with 2 of the distance, goals came out right as well, and the word error
    rate of human recordings rose from 0.12 to 0.33; at this it stayed."""
    conditions: Conditions = Conditions()


def config_with(settings: list[str]) -> TrainConfig:
    """@param settings NAME=VALUE of TrainConfig or of its conditions. @raises SystemExit for a name that is none"""
    values: dict[str, float] = {}
    kinds = {field.name: field.type for group in (TrainConfig, Conditions) for field in fields(group)}
    for setting in settings:
        name, _, value = setting.partition("=")
        if name not in kinds or name == "conditions":
            raise SystemExit(f"train: no setting {name}; there are {', '.join(sorted(set(kinds) - {'conditions'}))}")
        values[name] = int(value) if kinds[name] == "int" else float(value)
    own = {field.name for field in fields(Conditions)}
    conditions = Conditions(**{name: value for name, value in values.items() if name in own})
    return TrainConfig(**{name: value for name, value in values.items() if name not in own}, conditions=conditions)


def batches(bank: Bank, size: int, seed: int) -> Iterator[list[int]]:
    """Clips of one length each, without end; every clip once before any comes again (but for those that fill no batch)."""
    for epoch in range(1 << 30):
        draw, groups, made = random.Random(f"{seed} {epoch}"), {}, []
        order = list(range(len(bank)))
        draw.shuffle(order)
        for index in order:
            group = groups.setdefault(bank.rows[index]["length"], [])
            group.append(index)
            if len(group) == size:
                made.append(groups.pop(bank.rows[index]["length"]))
        if not made:
            raise ValueError(f"no {size} clips of {len(bank)} have one length")
        draw.shuffle(made)
        yield from made


def padded(rows: list[list[int]]) -> Tensor:
    return torch.nn.utils.rnn.pad_sequence([torch.tensor(row) for row in rows], batch_first=True, padding_value=-1)


def losses(heard: Tensor, wanted: Tensor, tokens: Tensor, decoder: Decoder) -> tuple[Tensor, Tensor]:
    """Distance to the wanted output, and mean cross-entropy of the tokens (-1: none)."""
    distance = F.mse_loss(heard, wanted) / wanted.square().mean()
    logits = decoder(tokens[:, :-1].clamp(min=0), heard)
    words = F.cross_entropy(logits.flatten(0, 1), tokens[:, 1:].flatten(), ignore_index=-1)
    return distance, words


class Training:
    """One run in its folder."""

    def __init__(self, bank: Bank, model: Path, out: Path, config: TrainConfig):
        self.bank, self.out, self.config = bank, out, config
        torch.manual_seed(config.seed)
        self.encoder: Encoder = encoder_of(model)
        self.teacher = copy.deepcopy(self.encoder).requires_grad_(False).eval()
        self.decoder = decoder_of(model).requires_grad_(False).eval()
        tokenizer = Tokenizer(model / "tokenizer.bin")
        self.tokens = [tokenizer.encode(row["text"]) for row in bank.rows]
        self.optimizer = torch.optim.AdamW(self.encoder.parameters(), config.learning_rate, (0.9, 0.98), weight_decay=0.0)
        self.step = 0

    def learning_rate(self, step: int) -> float:
        config = self.config
        return config.learning_rate * min(1.0, (step + 1) / config.warm_up_steps, (config.steps - step) / config.decay_steps)

    def advance(self, indices: list[int]) -> dict[str, float]:
        config = self.config
        made = [
            disturbed(self.bank, index, config.conditions, np.random.default_rng([config.seed, self.step, place]))
            for place, index in enumerate(indices)
        ]
        sounds, clean = (torch.from_numpy(np.stack(each)) for each in zip(*made, strict=True))
        with torch.no_grad():
            wanted = self.teacher(clean)
        heard = self.encoder(sounds)
        distance, words = losses(heard, wanted, padded([self.tokens[index] for index in indices]), self.decoder)
        total = config.distill_weight * distance + config.word_weight * words
        for group in self.optimizer.param_groups:
            group["lr"] = self.learning_rate(self.step)
        self.optimizer.zero_grad()
        total.backward()
        torch.nn.utils.clip_grad_norm_(self.encoder.parameters(), 1.0)
        self.optimizer.step()
        self.step += 1
        return {"distance": distance.item(), "words": words.item()}

    def run(self) -> None:
        config, began, saved, sums = self.config, time.monotonic(), time.monotonic(), []
        log = self.out / "progress.jsonl"
        for number, indices in enumerate(batches(self.bank, config.batch, config.seed)):
            if self.step >= config.steps:
                break
            if number < self.step:
                continue
            sums.append(self.advance(indices))
            if self.step % REPORT_STEPS == 0:
                means = {name: round(float(np.mean([row[name] for row in sums])), 4) for name in sums[0]}
                row = {"step": self.step, "seconds": round(time.monotonic() - began, 1), **means}
                with log.open("a") as file:
                    file.write(json.dumps(row) + "\n")
                print(json.dumps(row), flush=True)
                sums = []
            if time.monotonic() - saved > SAVE_INTERVAL_S:
                self.save("last.pt")
                saved = time.monotonic()
        self.save("last.pt")
        torch.save(self.encoder.state_dict(), self.out / "final.pt")

    def save(self, name: str) -> None:
        state = {"step": self.step, "encoder": self.encoder.state_dict(), "optimizer": self.optimizer.state_dict()}
        part = self.out / f"{name}.part"
        torch.save(state, part)
        part.replace(self.out / name)

    def load(self) -> None:
        state = torch.load(self.out / "last.pt", weights_only=True)
        self.encoder.load_state_dict(state["encoder"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.step = state["step"]


def main() -> None:
    parser = argparse.ArgumentParser(description="Adapts Moonshine's encoder to noise.")
    parser.add_argument("--bank", type=Path, nargs="+", required=True)
    parser.add_argument("--model", type=Path, default=Path("models/voice/moonshine-tiny-en"))
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE")
    parser.add_argument("--resume", action="store_true")
    options = parser.parse_args()
    torch.set_num_threads(1)
    options.out.mkdir(parents=True, exist_ok=True)
    config = config_with(options.set)
    (options.out / "config.json").write_text(json.dumps(asdict(config), indent=1) + "\n")
    training = Training(Bank(*options.bank), options.model, options.out, config)
    if options.resume and (options.out / "last.pt").exists():
        training.load()
    training.run()


if __name__ == "__main__":
    main()
