"""A checkpoint with random weights in the layout of the published code, for tests.

    python -m cliport_published.random_checkpoint --out random.ckpt --seed 0 [--agent cliport] [--sizes sizes.json]

Its decisions mean nothing. As after training, the three image encoders of CLIP have running statistics of their own, the
text encoders are the same, and CLIP's convolutions and matrices are fp16.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import torch
from torch import Tensor, nn

from .agent import KINDS, Agent
from .checkpoint import published_name
from .sizes import Sizes, read_sizes


def random_state(kind: str, sizes: Sizes, seed: int) -> dict[str, Tensor]:
    """Key -> weights. Variances are kept from layer to layer, so that maps have contrast and nothing overflows."""
    torch.manual_seed(seed)
    agent = Agent(kind, sizes, with_unused=True)
    with torch.no_grad():
        for module in agent.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
            elif isinstance(module, nn.BatchNorm2d):
                module.weight.uniform_(0.5, 1.0)
                module.bias.normal_(std=0.1)
                module.running_mean.normal_(std=0.1)
                module.running_var.uniform_(0.5, 1.5)
                module.num_batches_tracked.fill_(1000 + seed)
        copies = [network.semantic.clip_rn50 for network in agent.networks if network.semantic is not None]
        for copy in copies[1:]:
            text = {name: value for name, value in copies[0].state_dict().items() if not name.startswith("visual.")}
            copy.load_state_dict(text, strict=False)
        for copy in copies:
            for module in copy.modules():
                if isinstance(module, (nn.Conv2d, nn.Linear)):
                    module.half()
    return {published_name(name, KINDS[kind]): value for name, value in agent.state_dict().items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--agent", choices=list(KINDS), default="cliport")
    parser.add_argument("--sizes", type=Path, help="JSON with fields of cliport_published.sizes.Sizes; absent: as published")
    args = parser.parse_args()
    torch.save({"state_dict": random_state(args.agent, read_sizes(args.sizes), args.seed), "epoch": 0, "global_step": 0}, args.out)
    print(f"{args.out}: random weights, agent {args.agent}, seed {args.seed}")


if __name__ == "__main__":
    main()
