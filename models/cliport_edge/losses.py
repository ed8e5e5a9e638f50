"""What training minimises: the joint loss, and those of the zoom stage and the completion head alone."""

from __future__ import annotations

import math

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from .labels import PlaceLabel, Sample
from .model import Edge
from .network_config import NEVER, STRIDE, EdgeConfig
from .train_config import TrainConfig

REGION_ROTATIONS = 4  # evaluated where any rotation is as good


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


def completion_only_loss(edge: Edge, samples: list[Sample], autocast) -> tuple[Tensor, dict]:
    t = tensors(edge, samples)
    with torch.no_grad():
        text = edge.text(t["tokens"])
        x = edge.normalize(t["color"], t["height"])
        with autocast():
            trunk = edge.trunk(x.contiguous(memory_format=torch.channels_last), text)
    found, remaining = edge.completion(x, trunk, text)
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
