"""The adapted encoder as it is shipped, from nothing: banks, stages of training and the file, by recipe.json.

    python -m cliport_voice.make --out FOLDER --piper en_US-joe-medium.onnx

Goes on where it was stopped. FOLDER gets the banks and the run; models/voice-encoder the file.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from pathlib import Path

RECIPE = Path(__file__).parent / "recipe.json"


def commands(recipe: dict, out: Path, piper: Path) -> list[list[str]]:
    """Arguments of `python -m`, in their order."""
    made = []
    for name, bank in recipe["banks"].items():
        voice = ["--piper", str(piper)] if bank.get("piper") else []
        made.append(["cliport_voice.speech", "--out", str(out / name), "--clips", str(bank["clips"]), "--seed", str(bank["seed"]), *voice])
    for stage in recipe["stages"]:
        settings = [part for name, value in stage["set"].items() for part in ("--set", f"{name}={value}")]
        made.append(["cliport_voice.train", "--bank", *(str(out / name) for name in stage["banks"]), "--out", str(out / "run"), "--resume", *settings])
    last = recipe["stages"][-1]["banks"]
    return [*made, ["cliport_voice.export", "--run", str(out / "run"), "--bank", *(str(out / name) for name in dict.fromkeys(last))]]


def main() -> None:
    parser = argparse.ArgumentParser(description="Makes the adapted encoder by its recipe.")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--piper", type=Path, required=True, help="the voice of Piper in the recipe, VOICE.onnx with VOICE.onnx.json beside it")
    options = parser.parse_args()
    for command in commands(json.loads(RECIPE.read_text()), options.out, options.piper):
        subprocess.run([sys.executable, "-m", *command], check=True)


if __name__ == "__main__":
    main()
