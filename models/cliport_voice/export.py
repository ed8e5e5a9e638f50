"""Writes an adapted encoder as the robot runs it: the original's file with other weights.

    python -m cliport_voice.export --run RUN --bank BANK... [--model models/voice/moonshine-tiny-en] [--out models/voice-encoder]

Writes encoder.ort and card.json (what it was made of). Nothing is written where ONNX Runtime does not make of a bank's clips what
PyTorch makes of them: its products are of 8 bits, so a squared difference of 1 in 100 of the output's square is allowed.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import tempfile
from pathlib import Path

import numpy as np
import torch

from .evaluate import encoded, session
from .moonshine import Encoder
from .speech import Bank
from .weights import ENCODER, write_encoder

MOST_DIFFERENCE = 0.01
CLIPS = 20


def difference(encoder: Encoder, file: Path, bank: Bank) -> float:
    """Mean squared difference of ONNX Runtime's output from PyTorch's, as a share of the latter's mean square."""
    runtime, shares = session(file), []
    for index in range(min(CLIPS, len(bank))):
        clip = bank.clip(index)
        with torch.no_grad():
            wanted = encoder(torch.from_numpy(clip)[None]).numpy()
        shares.append(float(np.mean((encoded(runtime, clip) - wanted) ** 2) / np.mean(wanted**2)))
    return float(np.mean(shares))


def sha256(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def export(run: Path, bank: Bank, model: Path, out: Path) -> None:
    """@raises SystemExit where the file that would be written hears otherwise than PyTorch"""
    encoder = Encoder()
    encoder.load_state_dict(torch.load(run / "final.pt", weights_only=True))
    encoder.eval()
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "encoder.ort"
        write_encoder(encoder, model / ENCODER, file)
        share = difference(encoder, file, bank)
        if share > MOST_DIFFERENCE:
            raise SystemExit(f"export: ONNX Runtime differs from PyTorch by {share:.4f} of the output's square, at most {MOST_DIFFERENCE} is allowed")
        out.mkdir(parents=True, exist_ok=True)
        (out / "encoder.ort").write_bytes(file.read_bytes())
    card = {
        "sha256": sha256(out / "encoder.ort"),
        "original": {"model": "Moonshine tiny, English (moonshine-voice 0.0.65)", "sha256": sha256(model / ENCODER)},
        "difference_from_pytorch": round(share, 5),
        "bank": {"clips": len(bank), "seconds": round(sum(row["length"] for row in bank.rows) / 16_000)},
        "training": json.loads((run / "config.json").read_text()),
        "torch": torch.__version__.split("+")[0],
    }
    (out / "card.json").write_text(json.dumps(card, indent=1) + "\n")


def main() -> None:
    parser = argparse.ArgumentParser(description="Writes an adapted encoder for the robot.")
    parser.add_argument("--run", type=Path, required=True)
    parser.add_argument("--bank", type=Path, nargs="+", required=True)
    parser.add_argument("--model", type=Path, default=Path("models/voice/moonshine-tiny-en"))
    parser.add_argument("--out", type=Path, default=Path("models/voice-encoder"))
    options = parser.parse_args()
    torch.set_num_threads(1)
    export(options.run, Bank(*options.bank), options.model, options.out)


if __name__ == "__main__":
    main()
