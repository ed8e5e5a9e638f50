"""A published CLIPort at official size: the runtime beside eager PyTorch, decision by decision, with the same weights and frames.

    OMP_WAIT_POLICY=PASSIVE PYTHON benchmarks/policy/published.py --checkpoint cliport.ckpt --package models/NAME [--package models/NAME-int8]

Each contender is a process of its own, so that its peak memory is its own. They take turns; what counts is the least time of
each, wall and processor, since other work on the machine only adds. The sentence is read once and its encoding is kept, in
all; a last decision with another sentence says what reading one costs, and how far it raises the peak. Decisions go through
the five frames in turn and are compared. Eager PyTorch is the reference of models/cliport_published, whose correlation is by
FFT: the published code's convolution takes longer.
"""

from __future__ import annotations

import argparse
import functools
import itertools
import json
import os
import resource
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parents[2]
GOAL = "put the red blocks in a green bowl"
NEW_GOAL = "put the gray ring on the lighter brown side"
# Both contenders begin with the first and take the next for each decision.
FRAMES = 5


def serve_eager(checkpoint: Path, threads: int) -> None:
    """Answers each line of input, a sentence, with one decision of eager PyTorch."""
    sys.path.insert(0, str(ROOT / "models"))
    import torch
    from cliport_published.checkpoint import detect_kind, load_agent, read_state
    from cliport_published.parity import frames
    from cliport_published.sizes import Sizes
    from cliport_published.tokenizer import ClipTokenizer

    torch.set_num_threads(threads)
    sizes = Sizes()
    state = read_state(checkpoint)
    agent = load_agent(state, detect_kind(state, sizes), sizes)
    tables = itertools.cycle(frames(FRAMES, sizes, ClipTokenizer()))
    encode = functools.cache(lambda goal: agent.encode_text(torch.tensor([ClipTokenizer().encode(goal)])))
    encode(GOAL)
    print(json.dumps({"version": torch.__version__}), flush=True)
    for line, (color, height, _) in zip(sys.stdin, tables):
        wall, cpu = time.perf_counter(), time.process_time()
        decision = agent.decide(color, height, encode(line.strip()))
        took = {"wall_s": time.perf_counter() - wall, "cpu_s": time.process_time() - cpu}
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e9
        print(json.dumps({**took, "peak_gb": peak, "decision": [decision["pick"], decision["place"], decision["rotation"]]}), flush=True)


class Contender:
    def __init__(self, command: list[str], **environment: str):
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env={**os.environ, **environment})
        self.runs: list[dict] = []
        self.hello = self._read()

    def _read(self) -> dict:
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit(f"{self.process.args[0]} ended with code {self.process.wait()}")
        return json.loads(line)

    def ask(self, goal: str) -> dict:
        self.process.stdin.write(f"{goal}\n")
        self.process.stdin.flush()
        return self._read()

    def decide(self) -> dict:
        self.runs.append(self.ask(GOAL))
        return self.runs[-1]

    def read_another(self) -> dict:
        """A decision whose sentence has not been read yet, which the least times leave out."""
        answer = self.ask(NEW_GOAL)
        return {"wall_s": round(answer["wall_s"], 3), "cpu_s": round(answer["cpu_s"], 3), "peak_gb": round(answer["peak_gb"], 2)}

    def best(self) -> dict:
        least = lambda key: round(min(run[key] for run in self.runs), 3)
        return {"wall_s": least("wall_s"), "cpu_s": least("cpu_s"), "peak_gb": round(max(run["peak_gb"] for run in self.runs), 2)}

    def close(self) -> None:
        self.process.stdin.close()
        self.process.wait()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--checkpoint", type=Path, required=True)
    parser.add_argument("--package", type=Path, action="append", default=[], help="what cliport convert made of the checkpoint; several take turns")
    parser.add_argument("--repeats", type=int, default=10)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--serve-eager", action="store_true", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.serve_eager:
        return serve_eager(args.checkpoint, args.threads)
    here = str(Path(__file__))
    eager = Contender([sys.executable, here, "--checkpoint", str(args.checkpoint), "--threads", str(args.threads), "--serve-eager"], OMP_WAIT_POLICY="PASSIVE")
    node = ["node", str(Path(here).with_suffix(".mjs"))]
    packages = {str(package): Contender([*node, str(package), str(args.threads), str(FRAMES), GOAL], CLIPORT_PYTHON=sys.executable) for package in args.package}
    differ = dict.fromkeys(packages, 0)
    for index in range(args.repeats):
        theirs = eager.decide()
        took = [f"eager {theirs['wall_s']:.2f} s"]
        for name, package in packages.items():
            ours = package.decide()
            differ[name] += theirs["decision"] != ours["decision"]
            took.append(f"{name} {ours['wall_s']:.2f} s")
        print(f"{index + 1}/{args.repeats}: {', '.join(took)}; load {os.getloadavg()[0]:.1f}", file=sys.stderr)
    best = eager.best()
    report = {"eager": best | {"new_sentence": eager.read_another()}, "packages": {}}
    for name, package in packages.items():
        ours = package.best()
        ratios = {f"ratio_{key[:-2]}": round(best[key] / ours[key], 2) for key in ("wall_s", "cpu_s")}
        report["packages"][name] = ours | ratios | {"new_sentence": package.read_another(), "decisions_differ": differ[name]}
    print(json.dumps(report | {"repeats": args.repeats, "threads": args.threads, "torch": eager.hello["version"], "load": round(os.getloadavg()[0], 1)}))
    for contender in (eager, *packages.values()):
        contender.close()


if __name__ == "__main__":
    main()
