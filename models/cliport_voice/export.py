"""Writes an adapted encoder as the robot runs it: the original's file with other weights.

    python -m cliport_voice.export --run RUN --bank BANK... [--share 0.5] [--model models/voice/moonshine-tiny-en] [--out models/voice-encoder]

The weights are on the way from the original's to the trained ones, --share of it (M. Wortsman et al., "Robust fine-tuning of
zero-shot models", CVPR 2022, arXiv:2109.01903): half of the way brings most of what was trained, and keeps what it makes of people.
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
from .weights import ENCODER, encoder_of, write_encoder

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


def between(original: Encoder, trained: Encoder, share: float) -> Encoder:
    """@param share 0: the original, 1: the trained one"""
    first, last = original.state_dict(), trained.state_dict()
    encoder = Encoder()
    encoder.load_state_dict({name: first[name] + share * (last[name] - first[name]) for name in first})
    return encoder.eval()


def sha256(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def export(run: Path, bank: Bank, share: float, model: Path, out: Path) -> None:
    """@raises SystemExit where the file that would be written hears otherwise than PyTorch"""
    trained = Encoder()
    trained.load_state_dict(torch.load(run / "final.pt", weights_only=True))
    encoder = between(encoder_of(model), trained, share)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "encoder.ort"
        write_encoder(encoder, model / ENCODER, file)
        away = difference(encoder, file, bank)
        if away > MOST_DIFFERENCE:
            raise SystemExit(f"export: ONNX Runtime differs from PyTorch by {away:.4f} of the output's square, at most {MOST_DIFFERENCE} is allowed")
        out.mkdir(parents=True, exist_ok=True)
        (out / "encoder.ort").write_bytes(file.read_bytes())
    card = {
        "sha256": sha256(out / "encoder.ort"),
        "original": {"model": "Moonshine tiny, English (moonshine-voice 0.0.65)", "sha256": sha256(model / ENCODER)},
        "share": share,
        "difference_from_pytorch": round(away, 5),
        "bank": {"clips": len(bank), "seconds": round(sum(row["length"] for row in bank.rows) / 16_000)},
        "training": json.loads((run / "config.json").read_text()),
        "torch": torch.__version__.split("+")[0],
    }
    (out / "card.json").write_text(json.dumps(card, indent=1) + "\n")


def main() -> None:
    parser = argparse.ArgumentParser(description="Writes an adapted encoder for the robot.")
    parser.add_argument("--run", type=Path, required=True)
    parser.add_argument("--bank", type=Path, nargs="+", required=True)
    parser.add_argument("--share", type=float, default=0.5, help="of the way from the original's weights to the trained ones")
    parser.add_argument("--model", type=Path, default=Path("models/voice/moonshine-tiny-en"))
    parser.add_argument("--out", type=Path, default=Path("models/voice-encoder"))
    options = parser.parse_args()
    torch.set_num_threads(1)
    export(options.run, Bank(*options.bank), options.share, options.model, options.out)


if __name__ == "__main__":
    main()
