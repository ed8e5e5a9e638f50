"""How often two policy packages decide alike, on recorded observations.

    python -m cliport_edge.agreement PACKAGE OTHER --data CACHE... [--count 200]

For what must not change a decision: an export with another search, precision or runtime. A cache is a folder of episodes.py;
each gives as many observations, spread over all of it, with the sentence of its episode. Alike: the same cell to pick, the same
cell and rotation to place.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
import onnxruntime

from .episodes import Cache
from .words import Tokenizer

CELLS = ["pick_pixel", "place_pixel", "place_rotation"]
NUMBERS = ["place_turn", "pick_probability", "place_probability", "remaining", "found"]


class Package:
    """The graphs of a package, in ONNX Runtime on one thread."""

    def __init__(self, folder: Path):
        self.tokenizer = Tokenizer.from_file(folder / "tokenizer.json")
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        open_graph = lambda name: onnxruntime.InferenceSession(str(folder / f"{name}.onnx"), options, providers=["CPUExecutionProvider"])
        self._text, self._decide = open_graph("text"), open_graph("decide")

    def decide(self, color: np.ndarray, height: np.ndarray, tokens: np.ndarray) -> dict[str, np.ndarray]:
        """Of uint8 [rows, cols, 3], float32 [rows, cols] in metres, and int64 [max_tokens]: every output by name."""
        text = self._text.run(None, {"tokens": tokens[None]})[0]
        feeds = {"color": color[None], "height": height[None], "text": text, "suppress": np.zeros((1, *height.shape), np.float32)}
        return dict(zip(CELLS + NUMBERS, self._decide.run(CELLS + NUMBERS, feeds), strict=True))


def agreement(package: Package, other: Package, caches: list[Cache], count: int) -> dict:
    """Counts of observations, of those with the same decision, and of each part of it; and the largest differences of the numbers."""
    same, largest, differing, total, alike = dict.fromkeys(CELLS, 0), dict.fromkeys(NUMBERS, 0.0), [], 0, 0
    for number, cache in enumerate(caches):
        share = count // len(caches) + (number < count % len(caches))
        for index in np.linspace(0, len(cache) - 1, min(share, len(cache))).astype(int):
            tokens = package.tokenizer.encode(cache.samples[index]["truth"]["goal"])
            look = np.array(cache.color[index]), cache.height[index].astype(np.float32), tokens
            a, b = package.decide(*look), other.decide(*look)
            equal = {name: bool(np.array_equal(a[name], b[name])) for name in CELLS}
            total += 1
            alike += all(equal.values())
            same = {name: same[name] + equal[name] for name in CELLS}
            if all(equal.values()):
                largest = {name: max(largest[name], float(np.abs(a[name] - b[name]).max())) for name in NUMBERS}
            else:
                differing.append({"cache": cache.folder.name, "observation": int(index), "a": listed(a), "b": listed(b)})
    return {"observations": total, "same": alike, "sameOf": same, "largestDifferenceWhereSame": largest, "differing": differing}


def listed(decision: dict[str, np.ndarray]) -> dict[str, list]:
    return {name: decision[name].tolist() for name in CELLS}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("package", type=Path)
    parser.add_argument("other", type=Path)
    parser.add_argument("--data", type=Path, nargs="+", required=True, help="caches of episodes.py")
    parser.add_argument("--count", type=int, default=200, help="observations, in equal shares of the caches")
    args = parser.parse_args()
    print(json.dumps(agreement(Package(args.package), Package(args.other), [Cache(folder) for folder in args.data], args.count), indent=1))


if __name__ == "__main__":
    main()
