"""Words: the tokenizer, colours by name, and sentences for a goal.

The tokenizer is written twice, here and in src/io/policy/tokenizer.ts; both are held to the cases in
tests/fixtures/tokenizer-cases.json.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np

PADDING, UNKNOWN = 0, 1
MAX_TOKENS = 24

# The benchmark's palette (CLIPort's code, ravens/utils/utils.py), sRGB.
TASK_COLORS = {
    "blue": (78, 121, 167), "red": (255, 87, 89), "green": (89, 169, 79), "orange": (242, 142, 43),
    "yellow": (237, 201, 72), "purple": (176, 122, 161), "pink": (255, 157, 167), "cyan": (118, 183, 178),
    "brown": (156, 117, 95), "white": (255, 255, 255), "gray": (186, 176, 172),
}  # fmt: skip

# One-word names of the CSS colours (W3C, CSS Color Module Level 4) that people use of things on a table.
NAMED_COLORS = {
    "aqua": (0, 255, 255), "aquamarine": (127, 255, 212), "beige": (245, 245, 220), "black": (0, 0, 0),
    "chocolate": (210, 105, 30), "coral": (255, 127, 80), "crimson": (220, 20, 60), "fuchsia": (255, 0, 255),
    "gold": (255, 215, 0), "indigo": (75, 0, 130), "ivory": (255, 255, 240), "khaki": (240, 230, 140),
    "lavender": (230, 230, 250), "lime": (0, 255, 0), "magenta": (255, 0, 255), "maroon": (128, 0, 0),
    "navy": (0, 0, 128), "olive": (128, 128, 0), "orchid": (218, 112, 214), "plum": (221, 160, 221),
    "salmon": (250, 128, 114), "sienna": (160, 82, 45), "silver": (192, 192, 192), "tan": (210, 180, 140),
    "teal": (0, 128, 128), "tomato": (255, 99, 71), "turquoise": (64, 224, 208), "violet": (238, 130, 238),
    "scarlet": (255, 36, 0), "ruby": (224, 17, 95), "azure": (0, 127, 255), "emerald": (80, 200, 120),
    "lilac": (200, 162, 200), "mauve": (190, 140, 180), "amber": (255, 191, 0), "lemon": (255, 247, 100),
    "mint": (152, 255, 180), "cream": (255, 253, 208), "grey": (186, 176, 172),
}  # fmt: skip

COLORS = {**TASK_COLORS, **NAMED_COLORS}

# Words without which a sentence means the same; they do not count as understood.
FUNCTION_WORDS = ("a", "an", "the", "in", "into", "inside", "to", "on", "onto", "of", "all", "one", "please", "and", "with")
VERBS = ("put", "place", "move", "drop", "pick", "up", "set", "stack", "pack", "push", "bring")
NOUNS = {
    "block": ("block", "cube", "brick"),
    "bowl": ("bowl", "dish"),
}


def plural(noun: str) -> str:
    return noun + ("es" if noun.endswith("sh") else "s")


def split_words(text: str) -> list[str]:
    """Lower-cased runs of the letters a to z; everything else separates."""
    return re.findall(r"[a-z]+", text.lower())


class Tokenizer:
    def __init__(self, words: list[str], max_tokens: int = MAX_TOKENS):
        """`words` in order of their ids, from 2 on; 0 pads and 1 is any other word."""
        self.words = words
        self.max_tokens = max_tokens
        self.id_of = {word: i + 2 for i, word in enumerate(words)}

    @classmethod
    def default(cls) -> Tokenizer:
        nouns = [form for names in NOUNS.values() for noun in names for form in (noun, plural(noun))]
        return cls(list(dict.fromkeys([*FUNCTION_WORDS, *VERBS, *nouns, *COLORS])))

    @property
    def size(self) -> int:
        return len(self.words) + 2

    def encode(self, text: str) -> np.ndarray:
        """int64 [max_tokens]; words beyond that are not read."""
        ids = [self.id_of.get(word, UNKNOWN) for word in split_words(text)][: self.max_tokens]
        return np.array(ids + [PADDING] * (self.max_tokens - len(ids)), np.int64)

    def known_words(self, text: str) -> int:
        """Words of the sentence that mean something to the policy: in the vocabulary, and more than grammar."""
        return sum(word in self.id_of and word not in FUNCTION_WORDS for word in split_words(text)[: self.max_tokens])

    def color_features(self) -> np.ndarray:
        """float32 [size, 4]: L, a, b of a colour word scaled to about -1..1, and 1; zeros for other words."""
        table = np.zeros((self.size, 4), np.float32)
        for word, index in self.id_of.items():
            if word in COLORS:
                table[index, :3] = lab(COLORS[word]) * (0.02, 0.02, 0.02) - (1, 0, 0)
                table[index, 3] = 1
        return table

    def to_json(self) -> dict:
        return {
            "format": "cliport-tokenizer",
            "version": 1,
            "kind": "words",
            "maxTokens": self.max_tokens,
            "padding": PADDING,
            "unknown": UNKNOWN,
            "functionWords": list(FUNCTION_WORDS),
            "words": self.words,
        }

    @classmethod
    def from_file(cls, path: Path) -> Tokenizer:
        content = json.loads(path.read_text())
        return cls(content["words"], content["maxTokens"])


def lab(rgb) -> np.ndarray:
    """CIE L*a*b* (D65) of an sRGB colour 0..255."""
    c = np.asarray(rgb, float) / 255
    c = np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4)
    xyz = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]) @ c
    t = xyz / (0.9505, 1.0, 1.089)
    f = np.where(t > 0.008856, np.cbrt(t), 7.787 * t + 16 / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


_LAB = {name: lab(rgb) for name, rgb in COLORS.items()}


def color_distance(a: str, b: str) -> float:
    """CIE76 distance of two named colours; below about 25 people may disagree which is meant."""
    return float(np.linalg.norm(_LAB[a] - _LAB[b]))


def goal_sentence(rng: np.random.Generator, pick: tuple[str, str], place: tuple[str, str]) -> str:
    """The published template half of the time, otherwise a light paraphrase of it.

    `pick` and `place` are (colour, kind); the kind must be one of NOUNS.
    """
    if rng.random() < 0.5:
        return f"put the {pick[0]} {pick[1]}s in a {place[0]} {place[1]}"
    pick_noun, place_noun = rng.choice(NOUNS[pick[1]]), rng.choice(NOUNS[place[1]])
    if rng.random() < 0.6:
        pick_noun = plural(pick_noun)
    if rng.random() < 0.2:
        place_noun = plural(place_noun)
    verb = rng.choice(["put", "place", "move", "drop", "set", "bring"])
    article = rng.choice(["the", "the", "a", "all", "all the", ""])
    preposition = rng.choice(["in", "in", "into", "inside", "to", "on"])
    target = rng.choice(["a", "the", "one", ""])
    words = f"{verb} {article} {pick[0]} {pick_noun} {preposition} {target} {place[0]} {place_noun}"
    return " ".join(words.split()) if rng.random() > 0.1 else "please " + " ".join(words.split())
