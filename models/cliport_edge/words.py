"""Words: the tokenizer, nouns, and sentences for a goal.

The tokenizer is written twice, here and in src/io/policy/tokenizer.ts; both are held to the cases in
tests/fixtures/tokenizer-cases.json.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from .colors import COLORS, MODIFIERS, lab

PADDING, UNKNOWN = 0, 1
MAX_TOKENS = 24

# Words without which a sentence means the same; they do not count as understood.
FUNCTION_WORDS = (
    "a", "an", "the", "in", "into", "inside", "to", "on", "onto", "of", "all", "one", "please", "and", "with", "it", "is", "there",
    "every", "each", "any", "some", "that", "you", "top", "up", "would", "could",
)  # fmt: skip
VERBS = (
    "put", "place", "move", "drop", "pick", "set", "stack", "pack", "push", "bring", "grab", "take", "get", "lift", "lay",
    "transfer", "stow", "collect", "hand", "fetch", "throw", "carry", "gather", "deposit", "fill", "position",
)  # fmt: skip
FILLERS = ("now", "just", "robot", "kindly", "quickly", "then", "also", "again")
# How the thing lies to the place afterwards, and the prepositions that say so.
RELATIONS = {"in": ("in", "into", "inside"), "on": ("on", "onto"), "to": ("to",)}
PREPOSITIONS = tuple(word for words in RELATIONS.values() for word in words)
# What demonstrations show (src/sim/tasks/).
TASKS = ("put-block-in-bowl", "stack-block-pyramid-seq", "packing-boxes-pairs")

# What things are called. A noun may name several kinds: a box is open at the top or not.
NOUNS = {
    "block": ("block", "cube", "brick"),
    "bowl": ("bowl", "dish"),
    "box": ("box", "container", "crate", "tray"),
    "stand": ("stand",),
    "carton": ("box", "carton", "package", "packet"),
    "can": ("can", "cylinder"),
    "tin": ("tin", "jar"),
    "lid": ("lid", "cover", "disc"),
    "plate": ("plate", "saucer"),
    "cup": ("cup", "mug", "beaker"),
    "ball": ("ball", "sphere"),
}
ANYTHING = ("object", "thing", "item")
# Kinds that sentences name by their colour, to pick and as the place, in recordings that do not tell.
COLORED_BEFORE = {"put-block-in-bowl": (("block",), ("bowl",))}
# Parts of the stand of the pyramid task, in the order of its steps.
STEPS = ("lightest", "middle", "darkest")


def plural(noun: str) -> str:
    return noun + ("es" if noun.endswith(("sh", "x")) else "s")


_KINDS_OF: dict[str, frozenset[str]] = {}
for _kind, _names in NOUNS.items():
    for _noun in _names:
        for _form in (_noun, plural(_noun)):
            _KINDS_OF[_form] = _KINDS_OF.get(_form, frozenset()) | {_kind}
for _noun in ANYTHING:
    for _form in (_noun, plural(_noun)):
        _KINDS_OF[_form] = frozenset(NOUNS)


def kinds_of(word: str) -> frozenset[str]:
    """Kinds of things that a noun may name; empty for what is no noun."""
    return _KINDS_OF.get(word, frozenset())


def names_of(kind: str) -> tuple[str, ...]:
    """Nouns of a kind, singular."""
    return NOUNS.get(kind, (kind,))


def is_called(names: tuple[str, ...], word: str) -> bool:
    """Whether a word, singular or plural, is one of these nouns or fits anything."""
    return any(word in (name, plural(name)) for name in (*names, *ANYTHING))


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
    def default(cls, sentences: Iterable[str] = ()) -> Tokenizer:
        """The vocabulary of this package, and after it whatever else these sentences say, in the alphabet's order."""
        own = dict.fromkeys([*FUNCTION_WORDS, *VERBS, *_KINDS_OF, *STEPS, *MODIFIERS, *COLORS])
        said = {word for sentence in sentences for word in split_words(sentence)}
        return cls([*own, *sorted(said - own.keys())])

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
                table[index, :3] = lab(COLORS[word]) * 0.02 - (1, 0, 0)
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


def split_goal(sentence: str) -> tuple[list[int], list[int]]:
    """Which words say what to pick and which say where to place: those before and after the first preposition, or, where
    the sentence begins with it, those after and before the verb.

    Verbs, words of grammar and words that are not known say neither. In "pick up the can" no word says where.
    """
    words = split_words(sentence)
    asks = [i for i, (word, after) in enumerate(zip(words, words[1:])) if (word, after) == ("can", "you")]
    means = lambda word: word in COLORS or word in MODIFIERS or word in STEPS or kinds_of(word)
    says = [i for i, word in enumerate(words) if means(word) and i not in asks]
    first = next((i for i, word in enumerate(words) if word != "please"), 0)
    if words and words[first] in PREPOSITIONS:
        border = next((i for i, word in enumerate(words) if word in VERBS), len(words))
        return [i for i in says if i > border], [i for i in says if i < border]
    border = next((i for i, word in enumerate(words) if word in PREPOSITIONS and i > 1), len(words))
    return [i for i in says if i < border], [i for i in says if i > border]


def goal_sentence(rng: np.random.Generator, pick: str, place: str | None, template: str | None = None, into: bool = True) -> str:
    """A sentence that asks for `pick` ("red block") and names where it goes ("green bowl"), in one of many forms.

    `template`, the published form, is used for half of them. Without `place` it only asks to pick.
    """
    if template is not None and rng.random() < 0.5:
        return template
    article = rng.choice(["the", "the", "the", "a", "all", "all the", "every", "one", ""])
    if place is None:
        verb = rng.choice(["pick up", "pick up", "pick", "grab", "take", "get", "lift", "fetch"])
        words = f"{verb} {article} {pick}"
    else:
        verb = rng.choice(["put", "put", "place", "move", "drop", "set", "bring", "lay", "carry", "transfer", "pack" if into else "stack"])
        preposition = rng.choice(["in", "in", "into", "inside", "to"] if into else ["on", "on", "onto", "on top of", "to"])
        target = rng.choice(["a", "the", "the", "one", "that", ""])
        what, where = f"{article} {pick}", f"{preposition} {target} {place}"
        pronoun = rng.choice(["it", "it", "that", "those"])
        forms = [
            f"pick up {what} and {verb} {pronoun} {where}", f"get {what} and {verb} {pronoun} {where}", f"can you {verb} {what} {where}",
            f"we need {what} {where}", f"{what} belongs {where}", f"{where} {verb} {what}",
        ]  # fmt: skip
        words = f"{verb} {what} {where}" if rng.random() < 0.5 else str(rng.choice(forms))
    said = words.split()
    if rng.random() < 0.2:  # what people say beside what they mean
        said.insert(int(rng.integers(2, len(said) + 1)), str(rng.choice(FILLERS)))
    return " ".join(said if rng.random() > 0.1 else ["please", *said])
