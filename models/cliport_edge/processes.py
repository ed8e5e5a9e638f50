"""Training in several processes, one a GPU, as torchrun starts them."""

from __future__ import annotations

import os

import torch

from .model import Edge


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
