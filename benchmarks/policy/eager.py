"""The `edge` net in eager PyTorch, for `cliport bench policy`: times one decision a line of stdin."""

import json
import sys
import time
from pathlib import Path

import numpy as np
import torch

sys.path.insert(0, str(Path(__file__).parents[2] / "models"))

from cliport_edge.checkpoint import load_edge  # noqa: E402
from cliport_edge.words import Tokenizer  # noqa: E402

settings = json.loads(sys.argv[1])
torch.set_num_threads(settings["threads"])
tokenizer = Tokenizer.default()
edge, _ = load_edge(Path(settings["checkpoint"]) if settings["checkpoint"] else None, tokenizer)
rows, cols, folder = settings["rows"], settings["cols"], Path(settings["folder"])
color = torch.from_numpy(np.fromfile(folder / "color.raw", np.uint8).reshape(1, rows, cols, 3))
height = torch.from_numpy(np.fromfile(folder / "height.raw", np.float32).reshape(1, rows, cols))
suppress = torch.zeros(1, rows, cols)
with torch.inference_mode():
    # Once a sentence, as the runtime does.
    text = edge.text(torch.from_numpy(tokenizer.encode(settings["goal"]))[None])
    print(json.dumps({"torch": torch.__version__}), flush=True)
    for _ in sys.stdin:
        started = time.perf_counter()
        pick, place, *_ = edge.decide(color, height, text, suppress)
        print(json.dumps({"ms": 1000 * (time.perf_counter() - started), "pick": pick.tolist(), "place": place.tolist()}), flush=True)
