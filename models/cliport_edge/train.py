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
from collections import deque
from concurrent.futures import ProcessPoolExecutor
from contextlib import nullcontext
from dataclasses import asdict, dataclass, fields, replace
from datetime import UTC, datetime
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from . import augment, boxes, scene as scenes
from .episodes import Cache
from .labels import PlaceLabel, Sample, as_published, sample_of
from .model import NEVER, STRIDE, Edge, EdgeConfig
from .words import Tokenizer


@dataclass(frozen=True)
class TrainConfig:
    seed: int = 1
    samples: int = 50_000  # joint training
    zoom_samples: int = 12_000  # then the zoom stage alone
    judge_samples: int = 0  # then the judge alone: whether what is meant is there, and whether anything is left to do
    batch: int = 8
    zoom_batch: int = 16
    learning_rate: float = 2e-3
    zoom_learning_rate: float = 3e-3
    weight_decay: float = 0.01
    clip: float = 2.0
    warm_up_steps: int = 100
    rotations_trained: int = 12  # the right ones, those a quarter turn from them, and random others
    zoom_weight: float = 0.5
    turn_weight: float = 5.0
    mask_weight: float = 20.0
    remaining_weight: float = 0.25
    slot_weight: float = 0.3  # which words say what to pick and where to place
    region_weight: float = 0.3  # places of which only the region is known
    zoom_sigma: float = 0.7  # cells
    captions: float = 0.35  # share of captioned scenes; 1: pre-training
    other_goals: float = 0.25  # share of samples with another sentence than the recorded one
    absent: float = 0.2  # share with a sentence about something that is not there
    drawn: float = 0.0  # share of demonstrations that are packing scenes drawn (boxes.py)
    recolor: float = 0.4  # share of groups of things that get another named colour
    demonstrations: int = 0  # of each task; 0: all that there are
    one_pixel: int = 0  # 1: labels as published, one pixel a step
    channels: int = 40
    precision: str = "auto"  # fp32, bf16 (trunk only), or auto: bf16 where the processor has it

    @property
    def joint_steps(self) -> int:
        return self.samples // self.batch

    @property
    def zoom_steps(self) -> int:
        return self.joint_steps + self.zoom_samples // self.zoom_batch

    @property
    def steps(self) -> int:
        return self.zoom_steps + self.judge_samples // self.zoom_batch


def has_bf16() -> bool:
    try:
        return "avx512_bf16" in Path("/proc/cpuinfo").read_text()
    except OSError:
        return False


REGION_ROTATIONS = 4  # evaluated where any rotation is as good


class Dataset:
    """Batches by step number: what a step sees depends on the seed, the step and the process's rank alone."""

    def __init__(self, caches: list[Cache], config: TrainConfig, tokenizer: Tokenizer, rotations: int, rank: int = 0):
        self.config, self.tokenizer, self.rotations, self.rank = config, tokenizer, rotations, rank
        every = [(cache, i) for cache in caches for i in range(len(cache))]
        captioned = lambda item: item[0].samples[item[1]]["task"].startswith("captioned")
        self.captions = [item for item in every if captioned(item)]
        self.demonstrations = first_of_each_task([item for item in every if not captioned(item)], config.demonstrations)
        needed = {"demonstration": (self.demonstrations, config.captions < 1), "captioned scene": (self.captions, config.captions > 0)}
        for what, (items, is_needed) in needed.items():
            if is_needed and not items:
                raise SystemExit(f"train: captions is {config.captions}, but the data has no {what}")

    def batch(self, step: int) -> list[Sample]:
        config = self.config
        rng = np.random.default_rng([config.seed, self.rank, step])
        if config.joint_steps <= step < config.zoom_steps:
            return [self.demonstration(rng) for _ in range(config.zoom_batch)]
        count = config.batch if step < config.joint_steps else config.zoom_batch
        return [self.caption(rng) if rng.random() < config.captions else self.demonstration(rng) for _ in range(count)]

    def caption(self, rng: np.random.Generator) -> Sample:
        return self.sample(recorded(self.captions, rng), rng)

    def demonstration(self, rng: np.random.Generator) -> Sample:
        drawn = rng.random() < self.config.drawn
        return self.sample(boxes.draw(rng) if drawn else recorded(self.demonstrations, rng), rng)

    def sample(self, scene: scenes.Scene, rng: np.random.Generator) -> Sample:
        config = self.config
        if config.one_pixel and not scene.is_captioned:
            scene, meaning = augment.random_turn_and_shift(scene, scene.own, rng)
            return as_published(self.labelled(augment.light_and_noise(scene, rng), meaning, rng), scene)
        scene = scenes.recolor(scene, rng, config.recolor * (2 if scene.is_captioned else 1))
        meaning = scenes.question(scene, rng, config.other_goals, config.absent)
        scene, meaning = augment.random_turn_and_shift(scene, meaning, rng)
        scene = augment.texture(scene, rng, table=0.5, things=0.25 if scene.is_captioned else 0.03)
        return self.labelled(augment.light_and_noise(scene, rng), meaning, rng)

    def labelled(self, scene: scenes.Scene, meaning: scenes.Meaning, rng: np.random.Generator) -> Sample:
        return sample_of(scene, meaning, self.tokenizer.encode(meaning.sentence), self.rotations, rng)


def recorded(items: list[tuple[Cache, int]], rng: np.random.Generator) -> scenes.Scene:
    cache, index = items[rng.integers(len(items))]
    return scenes.scene_of(cache.samples[index], cache.color[index], cache.height[index], cache.labels[index])


def first_of_each_task(items: list[tuple[Cache, int]], episodes: int) -> list[tuple[Cache, int]]:
    """The observations of the first `episodes` episodes of each task; of all where that is 0."""
    if episodes == 0:
        return items
    kept: dict[str, set] = {}
    for cache, index in items:
        sample = cache.samples[index]
        of_task = kept.setdefault(sample["task"], set())
        if len(of_task) < episodes:
            of_task.add((id(cache), sample["episode"]))
    return [(c, i) for c, i in items if (id(c), c.samples[i]["episode"]) in kept[c.samples[i]["task"]]]


_of_this_process: list[Dataset] = []  # what a forked worker works on; to send it along would copy all of the data


def _batch(step: int) -> list[Sample]:
    return _of_this_process[0].batch(step)


def batches(dataset: Dataset, first: int, end: int, workers: int):
    """Batches of the steps from `first` to `end`, made ahead by other processes where there are any: the same either way."""
    if workers == 0:
        yield from (dataset.batch(step) for step in range(first, end))
        return
    _of_this_process[:] = [dataset]
    with ProcessPoolExecutor(workers, mp_context=get_context("fork"), initializer=torch.set_num_threads, initargs=(1,)) as pool:
        ahead = deque()
        for step in range(first, end):
            while len(ahead) < 3 * workers and step + len(ahead) < end:
                ahead.append(pool.submit(_batch, step + len(ahead)))
            yield ahead.popleft().result()


def tensor(edge: Edge, values, dtype: torch.dtype | None = None) -> Tensor:
    """Values, or a list of arrays of one shape, on the net's device."""
    array = np.stack(values) if isinstance(values, list) else np.asarray(values)
    return torch.as_tensor(array, dtype=dtype).to(edge.text.attention.weight.device)


def tensors(edge: Edge, samples: list[Sample]) -> dict[str, Tensor]:
    of = lambda name, dtype=None: tensor(edge, [np.asarray(getattr(s, name)) for s in samples], dtype)
    return {
        **{name: of(name) for name in ("color", "height", "tokens", "slots", "masks", "mask_weights")},
        **{name: of(name, torch.float32) for name in ("remaining", "found", "known")},
    }


def joint_loss(edge: Edge, samples: list[Sample], config: TrainConfig, rng: np.random.Generator, autocast) -> tuple[Tensor, dict]:
    t = tensors(edge, samples)
    x = edge.normalize(t["color"], t["height"]).contiguous(memory_format=torch.channels_last)
    text, word_weights = edge.text.encode(t["tokens"])
    with autocast():
        trunk = edge.trunk(x, text)
        logits = edge.pick(trunk.features)
    features = trunk.features.float()
    parts = {}

    maps = torch.stack([trunk.refers_pick, trunk.refers_place, trunk.valid_pick, trunk.valid_place], 1).float()
    bce = F.binary_cross_entropy_with_logits(maps, t["masks"], reduction="none").mean((2, 3))
    parts["masks"] = config.mask_weight * (bce * t["mask_weights"]).mean()

    # Attention that has settled on the wrong word gets no gradient from the maps any more, so it is told.
    slots = -(t["slots"] * word_weights.log_softmax(1).transpose(1, 2)).sum((1, 2))
    parts["slots"] = config.slot_weight * slots.mean()

    remaining = F.binary_cross_entropy_with_logits(trunk.remaining.float(), t["remaining"], reduction="none")
    parts["remaining"] = config.remaining_weight * (remaining * t["known"][:, 0]).mean()

    rows = [i for i, s in enumerate(samples) if s.pick is not None]
    if rows:
        target = tensor(edge, [samples[i].pick for i in rows]).flatten(1)
        parts["pick"] = -(target * logits[rows].float().flatten(1).log_softmax(1)).sum(1).mean()

    rows = [i for i, s in enumerate(samples) if s.places]
    if rows:
        acting = [samples[i] for i in rows]
        picks = tensor(edge, [np.array(s.pick_cell) for s in acting], torch.float32)
        rotations, target = (tensor(edge, a) for a in place_targets(acting, edge.config, config, rng))
        logits = edge.place(features[rows], picks, rotations)
        parts["place"] = -(target * logits.flatten(1).log_softmax(1)).sum(1).mean()
        if config.zoom_weight > 0:
            parts["zoom"] = config.zoom_weight * zoom_loss(edge, x[rows].float(), text[rows], acting, config, rng)

    rows = [i for i, s in enumerate(samples) if s.region is not None]
    if rows and config.region_weight > 0:
        picks = tensor(edge, [np.array(samples[i].pick_cell) for i in rows], torch.float32)
        rotations = tensor(edge, [rng.permutation(edge.config.rotations)[:REGION_ROTATIONS] for _ in rows])
        logits = edge.place(features[rows], picks, rotations)
        region = tensor(edge, [samples[i].region for i in rows])[:, None]
        inside = logits.masked_fill(~region, NEVER).flatten(1).logsumexp(1)
        parts["region"] = config.region_weight * (logits.flatten(1).logsumexp(1) - inside).mean()
    return sum(parts.values()), {name: float(value.detach()) for name, value in parts.items()}


def zoom_only_loss(edge: Edge, samples: list[Sample], config: TrainConfig, rng: np.random.Generator) -> tuple[Tensor, dict]:
    acting = [s for s in samples if s.places]
    if not acting:
        return sum(p.sum() for p in edge.zoom.parameters()) * 0, {}
    t = tensors(edge, acting)
    with torch.no_grad():
        text = edge.text(t["tokens"])
        x = edge.normalize(t["color"], t["height"])
    loss = zoom_loss(edge, x, text, acting, config, rng)
    return loss, {"zoom": float(loss.detach())}


def judge_only_loss(edge: Edge, samples: list[Sample], autocast) -> tuple[Tensor, dict]:
    t = tensors(edge, samples)
    with torch.no_grad():
        text = edge.text(t["tokens"])
        x = edge.normalize(t["color"], t["height"])
        with autocast():
            trunk = edge.trunk(x.contiguous(memory_format=torch.channels_last), text)
    found, remaining = edge.judge(x, trunk, text)
    known = t["known"]
    bce = lambda logits, right, weight: (F.binary_cross_entropy_with_logits(logits, right, reduction="none") * weight).mean()
    parts = {"remaining": bce(remaining, t["remaining"], known[:, 0]), "found": bce(found, t["found"], known[:, 1])}
    return sum(parts.values()), {name: float(value.detach()) for name, value in parts.items()}


def place_targets(samples: list[Sample], net: EdgeConfig, config: TrainConfig, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Rotations to evaluate, [B, R], and the target over them and the trunk's cells, flat: all valid places share it."""
    rows, cols, count = net.rows // STRIDE, net.cols // STRIDE, config.rotations_trained
    rotations = np.zeros((len(samples), count), np.int64)
    target = np.zeros((len(samples), count * rows * cols), np.float32)
    for i, s in enumerate(samples):
        right = list(dict.fromkeys(int(r) for r in rng.permutation([p.rotation for p in s.places])))[:count]
        others = [int(r) for r in rng.permutation(net.rotations) if r not in right]
        # What is long and lies across is the mistake that is made, and few random rotations show it.
        across = {(r + turn) % net.rotations for r in right for turn in (net.rotations // 4, -net.rotations // 4)}
        rotations[i] = (right + sorted(others, key=lambda r: r not in across))[:count]
        labels = [p for p in s.places if p.rotation in right]
        for p in labels:
            cell = (right.index(p.rotation) * rows + int(p.u) // STRIDE) * cols + int(p.v) // STRIDE
            target[i, cell] += 1 / len(labels)
    return rotations, target


def zoom_loss(edge: Edge, x: Tensor, text: Tensor, samples: list[Sample], config: TrainConfig, rng: np.random.Generator) -> Tensor:
    """The coarse cell and the rotation are jittered by up to one, as the arg-max will be; the cell's label is a narrow
    Gaussian round every place in view, the turn's what the rotation leaves."""
    net = edge.config
    size, step = net.zoom_cells, 2 * math.pi / net.rotations
    last = [net.rows // STRIDE - 1, net.cols // STRIDE - 1]
    coarse, targets, rotations, turns = [], [], [], []
    for s in samples:
        place = s.places[rng.integers(len(s.places))]
        cell = np.clip(np.array([int(place.u) // STRIDE, int(place.v) // STRIDE]) + rng.integers(-1, 2, 2), 0, last)
        off = rng.integers(-1, 2) if s.yaw_matters and rng.random() < 0.3 else 0
        coarse.append(cell)
        alike = [p for p in s.places if abs((p.rotation - place.rotation + net.rotations // 2) % net.rotations - net.rotations // 2) <= 1]
        targets.append(zoom_target(alike, cell * STRIDE + STRIDE // 2 - size // 2, size, config.zoom_sigma))
        rotations.append(place.rotation + off)
        turns.append(place.residual + off * step)
    turns_matter = np.array([s.yaw_matters for s in samples])
    picks = tensor(edge, [np.array(s.pick_cell) for s in samples], torch.float32)
    logits, turn = edge.zoom(x, picks, tensor(edge, np.array(rotations) * step, torch.float32), tensor(edge, coarse), text)
    cell_loss = -(tensor(edge, targets) * logits.float().flatten(1).log_softmax(1)).sum(1).mean()
    off_rad = (turn.float() - tensor(edge, np.array(turns), torch.float32)).abs() * tensor(edge, turns_matter)
    return cell_loss + config.turn_weight * off_rad.mean()


def zoom_target(places: list[PlaceLabel], first: np.ndarray, size: int, sigma: float) -> np.ndarray:
    """Narrow Gaussians round the places in the look that begins at cell `first`, flat, sum 1."""
    cells = np.arange(size)
    target = np.zeros((size, size), np.float32)
    for place in places:
        u, v = np.round(np.array([place.u, place.v]) - first)
        target += np.exp(-((cells[:, None] - u) ** 2 + (cells[None] - v) ** 2) / (2 * sigma**2)).astype(np.float32)
    return (target / target.sum()).ravel()


def learning_rates(step: int, config: TrainConfig) -> tuple[float, float, float]:
    """Of the trunk, the zoom stage and the judge: a warm-up and a cosine for each of the three parts of training."""
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


def load_known(edge: Edge, weights: dict[str, Tensor]) -> None:
    """Weights to begin from; stages that the checkpoint does not know keep their own. @raises SystemExit on another net"""
    missing, unexpected = edge.load_state_dict(weights, strict=False)
    if unexpected or any(not name.startswith(("zoom.", "judge.")) for name in missing):
        raise SystemExit(f"train: the checkpoint to begin from is of another net: without {missing}, with {unexpected}")


def join_others() -> tuple[int, int]:
    """Rank and number of processes that torchrun started; (0, 1) without it."""
    world = int(os.environ.get("WORLD_SIZE", "1"))
    if torch.cuda.is_available():
        torch.cuda.set_device(own_device())
    if world > 1 and not torch.distributed.is_initialized():
        torch.distributed.init_process_group("nccl" if torch.cuda.is_available() else "gloo")
    return int(os.environ.get("RANK", "0")), world


def own_device() -> torch.device:
    """The GPU of this process's local rank where there is one, else the processor."""
    return torch.device("cuda", int(os.environ.get("LOCAL_RANK", "0"))) if torch.cuda.is_available() else torch.device("cpu")


def share_gradients(edge: Edge, world: int) -> None:
    """The mean over all processes, in place of each one's own."""
    if world == 1:
        return
    for parameter in edge.parameters():
        if parameter.grad is None:  # others may have one
            parameter.grad = torch.zeros_like(parameter)
        torch.distributed.all_reduce(parameter.grad)
        parameter.grad /= world


def tensorboard(out: Path):
    """A writer of TensorBoard's event files, where TensorBoard is installed."""
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError:
        return None
    return SummaryWriter(str(out / "tensorboard"))


def save(path: Path, content: dict) -> None:
    """A checkpoint is whole or absent."""
    torch.save(content, path.with_suffix(".part"))
    os.replace(path.with_suffix(".part"), path)


def train(caches: list[Cache], out: Path, config: TrainConfig, resume: bool, stop_after: int | None = None, workers: int = 0, init: Path | None = None) -> Edge:
    """Trains to the end, or to step `stop_after` (as if interrupted there); under torchrun, with all of its processes.

    `init`: weights to begin from, of pre-training.
    """
    rank, world = join_others()
    tokenizer = Tokenizer.default()
    torch.manual_seed(config.seed)
    net = EdgeConfig(vocabulary=tokenizer.size, channels=config.channels)
    device = own_device()
    edge = Edge(net, torch.from_numpy(tokenizer.color_features())).to(device, memory_format=torch.channels_last)
    if init is not None:
        load_known(edge, torch.load(init, weights_only=True, map_location=device)["model"])
    stages = [list(edge.zoom.parameters()), list(edge.judge.parameters())]
    apart = {id(p) for stage in stages for p in stage}
    trunk = [p for p in edge.parameters() if id(p) not in apart]
    optimizer = torch.optim.AdamW([{"params": params} for params in (trunk, *stages)], lr=0.0, weight_decay=config.weight_decay)
    dataset = Dataset(caches, config, tokenizer, net.rotations, rank)
    bf16 = config.precision == "bf16" or (config.precision == "auto" and (device.type == "cuda" or has_bf16()))
    autocast = (lambda: torch.autocast(device.type, torch.bfloat16)) if bf16 else nullcontext
    step, seconds = 0, 0.0
    if resume and (out / "last.pt").exists():
        state = torch.load(out / "last.pt", weights_only=True, map_location=device)
        if state["train"] != asdict(config):
            raise SystemExit(f"train: {out}/last.pt was trained with another config: {state['train']}")
        edge.load_state_dict(state["model"])
        optimizer.load_state_dict(state["optimizer"])
        step, seconds = state["step"], state["seconds"]
    out.mkdir(parents=True, exist_ok=True)
    writes = rank == 0  # the others only compute
    log = out / "progress.jsonl"
    if writes:
        (out / "config.json").write_text(json.dumps({"train": asdict(config), "network": net.to_json()}, indent=1) + "\n")
        if step == 0:
            log.unlink(missing_ok=True)
    card = {
        "data": [cache.summary for cache in caches], "init": init and f"{init.parent.name}/{init.name}", "config": asdict(config), "network": net.to_json(), "parameters": sum(p.numel() for p in edge.parameters()),
        "precision": "bf16 trunk, fp32 weights" if bf16 else "fp32", "torch": str(torch.__version__), "processor": processor(), "device": str(device),
        "threads": torch.get_num_threads(), "started": datetime.now(UTC).isoformat(timespec="seconds"),
    }  # fmt: skip
    board = tensorboard(out) if writes else None
    if writes:
        print(f"train: {card['parameters']} parameters, {len(dataset.demonstrations)} observations of demonstrations, {len(dataset.captions)} captioned, steps {step} to {config.steps}, {card['precision']}", flush=True)

    def checkpoint(name: str) -> None:
        if not writes:
            return
        content = {"model": edge.state_dict(), "config": net.to_json(), "train": asdict(config), "step": step, "seconds": seconds, "card": {"training": card}}
        save(out / name, content | ({"optimizer": optimizer.state_dict()} if name == "last.pt" else {}))

    edge.train()
    sums: dict[str, list[float]] = {}
    last_save = last_report = time.monotonic()
    samples_since = 0
    end = min(config.steps, stop_after or config.steps)
    for samples in batches(dataset, step, end, workers):
        started = time.monotonic()
        joint = step < config.joint_steps
        if not joint:
            edge.eval()
            (edge.zoom if step < config.zoom_steps else edge.judge).train()
        rng = np.random.default_rng([config.seed, 1 << 21, step])
        for group, rate in zip(optimizer.param_groups, learning_rates(step, config), strict=True):
            group["lr"] = rate
        if joint:
            loss, parts = joint_loss(edge, samples, config, rng, autocast)
        elif step < config.zoom_steps:
            loss, parts = zoom_only_loss(edge, samples, config, rng)
        else:
            loss, parts = judge_only_loss(edge, samples, autocast)
        if not math.isfinite(float(loss.detach())):
            raise SystemExit(f"train: the loss is {float(loss.detach())} at step {step}: {parts}")
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        share_gradients(edge, world)
        torch.nn.utils.clip_grad_norm_(edge.parameters(), config.clip)
        optimizer.step()
        step += 1
        samples_since += len(samples)
        seconds += time.monotonic() - started
        for name, value in parts.items() if writes else ():
            sums.setdefault(name, []).append(value)
        now = time.monotonic()
        if writes and (now - last_report > 20 or step == end):
            rate = samples_since / (now - last_report)
            left = (max(0, config.joint_steps - step) * config.batch / rate + (config.steps - max(step, config.joint_steps)) * config.zoom_batch / (rate if not joint else 5 * rate)) / 60
            means = {name: round(float(np.mean(values)), 4) for name, values in sums.items()}
            with log.open("a") as progress:
                progress.write(json.dumps({"step": step, "seconds": round(seconds, 1), "samples_per_second": round(rate, 2), **means}) + "\n")
            for name, value in means.items():
                if board is not None:
                    board.add_scalar(f"loss/{name}", value, step)
            print(f"step {step}/{config.steps}  {rate:.1f} samples/s  {left:.1f} min left  " + "  ".join(f"{n} {v:.3f}" for n, v in means.items()), flush=True)
            sums, samples_since, last_report = {}, 0, now
        if now - last_save > 60:
            checkpoint("last.pt")
            last_save = now
    edge.eval()
    checkpoint("last.pt")
    if step == config.steps:
        card |= {"finished": datetime.now(UTC).isoformat(timespec="seconds"), "minutes": round(seconds / 60, 1)}
        checkpoint("final.pt")
        if writes:
            (out / "card.json").write_text(json.dumps(card, indent=1) + "\n")
    return edge


def processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        return next(line.split(": ")[1] for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor()


def config_with(assignments: list[str]) -> TrainConfig:
    """The default config with `name=value` applied. @raises SystemExit naming the settings when one is misspelt."""
    kinds = {f.name: type(f.default) for f in fields(TrainConfig)}
    changes = {}
    for assignment in assignments:
        name, _, value = assignment.partition("=")
        if name not in kinds:
            raise SystemExit(f"train: no setting {name}; there are {', '.join(kinds)}")
        changes[name] = kinds[name](value)
    return replace(TrainConfig(), **changes)


def recipe_settings(path: Path | None, stage: str) -> list[str]:
    """A stage's settings as `name=value`. @raises SystemExit naming the stages when there is no such one"""
    if path is None:
        return []
    stages = json.loads(path.read_text())
    if stage not in stages:
        raise SystemExit(f"train: {path} has no stage {stage}; there are {', '.join(stages)}")
    return [f"{name}={value}" for name, value in stages[stage].items()]


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
        from .evaluate import add_scores

        add_scores(edge.cpu(), args.out / "final.pt", [Cache(folder) for folder in args.validation])


if __name__ == "__main__":
    main()
