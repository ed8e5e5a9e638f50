"""Trains the `edge` policy. Resumable to the same result; one core is enough.

    python -m cliport_edge.train --data CACHE... --validation CACHE... --out RUN [--recipe FILE --stage NAME] [--set NAME=VALUE ...] [--resume]

Writes to RUN: last.pt (about once a minute), final.pt, config.json, progress.jsonl (losses by step) and card.json.
`last.pt` holds everything that the next step depends on, so that an interrupted run ends as an uninterrupted one would.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import platform
import time
from contextlib import nullcontext
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from . import checkpoint
from .dataset import Dataset, batches, said_in
from .episodes import Cache
from .evaluate import add_scores
from .labels import Sample
from .losses import completion_only_loss, joint_loss, zoom_only_loss
from .model import Edge
from .network_config import EdgeConfig
from .processes import join_others, own_device, share_gradients
from .train_config import TrainConfig, config_with, recipe_settings
from .words import Tokenizer

SAVE_INTERVAL_S = 60
REPORT_INTERVAL_S = 20


def has_bf16() -> bool:
    try:
        return "avx512_bf16" in Path("/proc/cpuinfo").read_text()
    except OSError:
        return False


def processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        return next(line.split(": ")[1] for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor()


def now_utc() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def learning_rates(step: int, config: TrainConfig) -> tuple[float, float, float]:
    """Of the trunk, the zoom stage and the completion head: a warm-up and a cosine for each of the three parts of training."""
    if step < config.joint_steps:
        first, end, peaks = 0, config.joint_steps, (config.learning_rate, config.learning_rate, 0.0)
    elif step < config.zoom_steps:
        first, end, peaks = config.joint_steps, config.zoom_steps, (0.0, config.zoom_learning_rate, 0.0)
    else:
        first, end, peaks = config.zoom_steps, config.steps, (0.0, 0.0, config.learning_rate)
    after = step - first
    progress = after / (end - first)
    factor = min(1.0, (after + 1) / config.warm_up_steps) * (0.5 * (1 + math.cos(math.pi * progress)) + 0.005)
    return tuple(peak * factor for peak in peaks)


def with_more_words(weights: dict[str, Tensor], edge: Edge) -> dict[str, Tensor]:
    """The weights of a checkpoint for a network that knows more words; the new ones begin as zeros. Another net's: as they are."""
    table = weights.get("text.table.weight")
    if table is None or len(table) > edge.config.vocabulary:
        return weights
    more = table.new_zeros(edge.config.vocabulary - len(table), table.shape[1])
    return weights | {"text.table.weight": torch.cat([table, more]), "text.color_lab": edge.text.color_lab}


def load_known(edge: Edge, weights: dict[str, Tensor]) -> None:
    """Weights to begin from; stages that the checkpoint does not know keep their own. @raises SystemExit on another net"""
    missing, unexpected = edge.load_state_dict(weights, strict=False)
    if unexpected or any(not name.startswith(("zoom.", "completion.")) for name in missing):
        raise SystemExit(f"train: the checkpoint to begin from is of another net: without {missing}, with {unexpected}")


class Progress:
    """Means of the losses since the report before: in progress.jsonl, in TensorBoard where it is installed, and on stdout."""

    def __init__(self, out: Path, config: TrainConfig, step: int):
        self.config, self.log, self.board = config, out / "progress.jsonl", tensorboard(out)
        if step == 0:
            self.log.unlink(missing_ok=True)
        self._begin()

    def _begin(self) -> None:
        self.sums: dict[str, list[float]] = {}
        self.samples, self.since = 0, time.monotonic()

    def add(self, losses: dict[str, float], samples: int) -> None:
        self.samples += samples
        for name, value in losses.items():
            self.sums.setdefault(name, []).append(value)

    def report(self, step: int, seconds: float, last: bool, joint: bool) -> None:
        """Writes the means when it is time to, or when this was the `last` step."""
        now = time.monotonic()
        if now - self.since <= REPORT_INTERVAL_S and not last:
            return
        config, rate = self.config, self.samples / (now - self.since)
        apart_rate = 5 * rate if joint else rate  # stages that train alone are about that much faster
        joint_s = max(0, config.joint_steps - step) * config.batch / rate
        apart_s = (config.steps - max(step, config.joint_steps)) * config.zoom_batch / apart_rate
        means = {name: round(float(np.mean(values)), 4) for name, values in self.sums.items()}
        with self.log.open("a") as log:
            log.write(json.dumps({"step": step, "seconds": round(seconds, 1), "samples_per_second": round(rate, 2), **means}) + "\n")
        for name, value in means.items() if self.board is not None else ():
            self.board.add_scalar(f"loss/{name}", value, step)
        losses = "  ".join(f"{name} {value:.3f}" for name, value in means.items())
        print(f"step {step}/{config.steps}  {rate:.1f} samples/s  {(joint_s + apart_s) / 60:.1f} min left  {losses}", flush=True)
        self._begin()


def tensorboard(out: Path):
    """A writer of TensorBoard's event files, where TensorBoard is installed."""
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError:
        return None
    return SummaryWriter(str(out / "tensorboard"))


class Training:
    """One run in its folder: network, optimizer, and how far it has come. Under torchrun, one of all of its processes."""

    def __init__(self, caches: list[Cache], out: Path, config: TrainConfig, init: Path | None):
        """@param init checkpoint to begin from, of pre-training"""
        self.out, self.config = out, config
        self.rank, self.world = join_others()
        # A network that goes on from another one keeps its words, and learns those that it lacks.
        wanted = Tokenizer.default(said_in(caches))
        tokenizer = wanted if init is None else checkpoint.tokenizer_of(init).with_words_of(wanted.words)
        torch.manual_seed(config.seed)
        without = tuple(part for part in config.without.split(",") if part)
        self.net = EdgeConfig(vocabulary=tokenizer.size, channels=config.channels, without=without)
        self.device = own_device()
        self.edge = Edge(self.net, torch.from_numpy(tokenizer.color_features())).to(self.device, memory_format=torch.channels_last)
        if init is not None:
            load_known(self.edge, with_more_words(checkpoint.read(init, self.device)["model"], self.edge))
        stages = [list(self.edge.zoom.parameters()), list(self.edge.completion.parameters())]
        apart = {id(p) for stage in stages for p in stage}
        trunk = [p for p in self.edge.parameters() if id(p) not in apart]
        self.optimizer = torch.optim.AdamW([{"params": params} for params in (trunk, *stages)], lr=0.0, weight_decay=config.weight_decay)
        self.dataset = Dataset(caches, config, tokenizer, self.net.rotations, self.rank)
        bf16 = config.precision == "bf16" or (config.precision == "auto" and (self.device.type == "cuda" or has_bf16()))
        self.autocast = (lambda: torch.autocast(self.device.type, torch.bfloat16)) if bf16 else nullcontext
        self.step, self.seconds = 0, 0.0
        self.card = {
            "data": [cache.summary for cache in caches], "init": init and f"{init.parent.name}/{init.name}", "config": asdict(config),
            "network": self.net.to_json(), "parameters": sum(p.numel() for p in self.edge.parameters()),
            "precision": "bf16 trunk, fp32 weights" if bf16 else "fp32", "torch": str(torch.__version__), "processor": processor(),
            "device": str(self.device), "threads": torch.get_num_threads(), "started": now_utc(),
        }  # fmt: skip

    @property
    def writes(self) -> bool:
        """The other processes only compute."""
        return self.rank == 0

    def resume(self) -> None:
        """Goes on from last.pt where there is one. @raises SystemExit when it was trained with another config"""
        path = self.out / "last.pt"
        if not path.exists():
            return
        state = checkpoint.read(path, self.device)
        if state["train"] != asdict(self.config):
            raise SystemExit(f"train: {path} was trained with another config: {state['train']}")
        self.edge.load_state_dict(state["model"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.step, self.seconds = state["step"], state["seconds"]

    def run(self, stop_after: int | None, workers: int) -> Edge:
        """To the end, or to step `stop_after`."""
        config, edge = self.config, self.edge
        progress = self._open_folder()
        edge.train()
        last_save = time.monotonic()
        end = min(config.steps, stop_after or config.steps)
        for samples in batches(self.dataset, self.step, end, workers):
            started = time.monotonic()
            joint = self.step < config.joint_steps
            losses = self._learn(samples)
            self.seconds += time.monotonic() - started
            if progress is not None:
                progress.add(losses, len(samples))
                progress.report(self.step, self.seconds, self.step == end, joint)
            if time.monotonic() - last_save > SAVE_INTERVAL_S:
                self._save("last.pt")
                last_save = time.monotonic()
        edge.eval()
        self._save("last.pt")
        if self.step == config.steps:
            self._finish()
        return edge

    def _open_folder(self) -> Progress | None:
        self.out.mkdir(parents=True, exist_ok=True)
        if not self.writes:
            return None
        settings = {"train": asdict(self.config), "network": self.net.to_json()}
        (self.out / "config.json").write_text(json.dumps(settings, indent=1) + "\n")
        data = f"{len(self.dataset.demonstrations)} observations of demonstrations, {len(self.dataset.captions)} captioned"
        steps = f"steps {self.step} to {self.config.steps}"
        print(f"train: {self.card['parameters']} parameters, {data}, {steps}, {self.card['precision']}", flush=True)
        return Progress(self.out, self.config, self.step)

    def _learn(self, samples: list[Sample]) -> dict[str, float]:
        """One step of the optimizer; the parts of its loss. @raises SystemExit when the loss is not finite"""
        edge, config, step = self.edge, self.config, self.step
        if step >= config.joint_steps:
            edge.eval()
            (edge.zoom if step < config.zoom_steps else edge.completion).train()
        rng = np.random.default_rng([config.seed, 1 << 21, step])
        for group, rate in zip(self.optimizer.param_groups, learning_rates(step, config), strict=True):
            group["lr"] = rate
        if step < config.joint_steps:
            loss, parts = joint_loss(edge, samples, config, rng, self.autocast)
        elif step < config.zoom_steps:
            loss, parts = zoom_only_loss(edge, samples, config, rng)
        else:
            loss, parts = completion_only_loss(edge, samples, self.autocast)
        if not math.isfinite(float(loss.detach())):
            raise SystemExit(f"train: the loss is {float(loss.detach())} at step {step}: {parts}")
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        share_gradients(edge, self.world)
        torch.nn.utils.clip_grad_norm_(edge.parameters(), config.clip)
        self.optimizer.step()
        self.step += 1
        return parts

    def _save(self, name: str) -> None:
        if not self.writes:
            return
        content = {
            "model": self.edge.state_dict(), "config": self.net.to_json(), "words": self.dataset.tokenizer.words, "train": asdict(self.config), "step": self.step,
            "seconds": self.seconds, "card": {"training": self.card},
        }  # fmt: skip
        checkpoint.save(self.out / name, content | ({"optimizer": self.optimizer.state_dict()} if name == "last.pt" else {}))

    def _finish(self) -> None:
        self.card |= {"finished": now_utc(), "minutes": round(self.seconds / 60, 1)}
        self._save("final.pt")
        if self.writes:
            (self.out / "card.json").write_text(json.dumps(self.card, indent=1) + "\n")


def train(caches: list[Cache], out: Path, config: TrainConfig, resume: bool, stop_after: int | None = None, workers: int = 0, init: Path | None = None) -> Edge:
    """Trains to the end, or to step `stop_after` (as if interrupted there); under torchrun, with all of its processes.

    `init`: checkpoint to begin from, of pre-training. `workers`: processes that make samples ahead.
    """
    training = Training(caches, out, config, init)
    if resume:
        training.resume()
    return training.run(stop_after, workers)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, nargs="+", required=True, help="cache folders of episodes.py")
    parser.add_argument("--validation", type=Path, nargs="*", default=[], help="caches of other seeds: thresholds and scores come from them")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--recipe", type=Path, help="JSON file of stages, each with any fields of TrainConfig")
    parser.add_argument("--stage", default="train", help="stage of the recipe: pretrain, train, ...")
    parser.add_argument("--set", nargs="*", default=[], metavar="NAME=VALUE", help="any field of TrainConfig, over the file's")
    parser.add_argument("--init", type=Path, help="checkpoint of pre-training to begin from")
    parser.add_argument("--resume", action="store_true", help="go on from RUN/last.pt where there is one")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--workers", type=int, default=0, help="processes that make samples ahead")
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    config = config_with(recipe_settings(args.recipe, args.stage) + args.set)
    edge = train([Cache(folder) for folder in args.data], args.out, config, args.resume, workers=args.workers, init=args.init)
    if args.validation and int(os.environ.get("RANK", "0")) == 0:
        add_scores(edge.cpu(), args.out / "final.pt", [Cache(folder) for folder in args.validation])


if __name__ == "__main__":
    main()
