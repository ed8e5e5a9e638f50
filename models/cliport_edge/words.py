"""Words: the tokenizer, nouns, and sentences for a goal.

The tokenizer is written twice, here and in src/io/policy/tokenizer.ts; both are held to the cases in
tests/fixtures/tokenizer-cases.json.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np

from .colors import COLORS, MODIFIERS, lab

PADDING, UNKNOWN = 0, 1
MAX_TOKENS = 24

# What the tasks of the cell declare of their sentences: scripts/task-words.mjs writes it from src/sim/tasks.
DECLARED: dict[str, dict] = json.loads(Path(__file__).with_name("tasks.json").read_text())

# Words without which a sentence means the same; they do not count as understood.
FUNCTION_WORDS = (
    "a", "an", "the", "in", "into", "inside", "to", "on", "onto", "of", "all", "one", "please", "and", "with", "it", "is", "there",
    "every", "each", "any", "some", "that", "you", "top", "up", "would", "could",
)  # fmt: skip
VERBS = (
    "put", "place", "move", "drop", "pick", "set", "stack", "pack", "push", "bring", "grab", "take", "get", "lift", "lay",
    "transfer", "stow", "collect", "hand", "fetch", "throw", "carry", "gather", "deposit", "fill", "position", "sweep", "align",
)  # fmt: skip
FILLERS = ("now", "just", "robot", "kindly", "quickly", "then", "also", "again")
# Other words of sentences that name nothing.
GLUE = ("from", "pile", "we", "need", "belongs", "those", "them")
# How the thing lies to the place afterwards, and the prepositions that say so.
RELATIONS = {"in": ("in", "into", "inside"), "on": ("on", "onto"), "to": ("to",)}
PREPOSITIONS = tuple(word for words in RELATIONS.values() for word in words)
# Where the part of a sentence that says where to place begins.
BORDERS = (*PREPOSITIONS, "from")
# "top" names a part of a thing, but for "on top of".
_GRAMMAR = {*FUNCTION_WORDS, *VERBS, *FILLERS, *GLUE} - {"top"}
ANYTHING = ("object", "thing", "item")


def _declared_nouns() -> dict[str, tuple[str, ...]]:
    """Kind of thing -> its names by all tasks; those of the task that has most of them first."""
    lists: dict[str, list[list[str]]] = {}
    for task in DECLARED.values():
        for kind, names in task["nouns"].items():
            lists.setdefault(kind, []).append([name.lower() for name in names])
    return {kind: tuple(dict.fromkeys(name for names in sorted(of, key=len, reverse=True) for name in names)) for kind, of in lists.items()}


# What things are called. A noun may name several kinds: a box is open at the top or not.
NOUNS = _declared_nouns()


_ALL_NAMES = tuple(dict.fromkeys(name for names in NOUNS.values() for name in names))


def plural(noun: str) -> str:
    return noun + ("es" if noun.endswith(("sh", "x")) else "s")


_ANYTHING = frozenset((*ANYTHING, *map(plural, ANYTHING)))


def names_of(kind: str, told: Iterable[str] = ()) -> tuple[str, ...]:
    """What a kind of thing is called, singular: what a recording tells, and what the tasks declare."""
    return tuple(dict.fromkeys((*(name.lower() for name in told), *NOUNS.get(kind, (kind.lower(),)))))


def heads(names: Iterable[str]) -> tuple[str, ...]:
    """What things of compound names are called in short: the can is a soda can."""
    return tuple(dict.fromkeys(name.split()[-1] for name in names if " " in name))


def is_called(names: Iterable[str], noun: Sequence[str]) -> bool:
    """Whether the words of a noun, the last one singular or plural, are one of these names, its short form, or fit anything."""
    said = " ".join(noun[:-1] if len(noun) > 1 and noun[-1] in _ANYTHING else noun)
    return said in _ANYTHING or said in _spoken(tuple(names))


@lru_cache(maxsize=1024)
def _spoken(names: tuple[str, ...]) -> frozenset[str]:
    every = (*names, *heads(names))
    return frozenset((*every, *map(plural, every)))


PLACEHOLDER = re.compile("<[a-z]+>")


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
        names = [name for kind in NOUNS.values() for name in kind]
        declared = [*names, *map(plural, names), *(said for task in DECLARED.values() for said in (*task["forms"], *task["parts"]))]
        fixed = [*FUNCTION_WORDS, *VERBS, *GLUE, *ANYTHING, *map(plural, ANYTHING)]
        own = dict.fromkeys([*fixed, *(word for said in declared for word in split_words(PLACEHOLDER.sub("", said))), *MODIFIERS, *COLORS])
        return cls(list(own)).with_words_of(sentences)

    def with_words_of(self, sentences: Iterable[str]) -> Tokenizer:
        """The same, and after it whatever else these sentences say, in the alphabet's order."""
        said = {word for sentence in sentences for word in split_words(sentence)}
        return Tokenizer([*self.words, *sorted(said - self.id_of.keys())], self.max_tokens)

    @property
    def size(self) -> int:
        return len(self.words) + 2

    def knows(self, text: str) -> bool:
        return all(word in self.id_of for word in split_words(text))

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

    Verbs and words of grammar say neither. In "pick up the can" no word says where.
    """
    words = split_words(sentence)
    says = [i for i in range(len(words)) if _names(words, i)]
    first = next((i for i, word in enumerate(words) if word != "please"), 0)
    if words and words[first] in BORDERS:
        border = next((i for i, word in enumerate(words) if word in VERBS), len(words))
        return [i for i in says if i > border], [i for i in says if i < border]
    border = next((i for i, word in enumerate(words) if word in BORDERS and i > 1), len(words))
    return [i for i in says if i < border], [i for i in says if i > border]


def _names(words: list[str], i: int) -> bool:
    """Whether a word names something, a colour, a thing or a part of one."""
    word, before, after = words[i], words[i - 1] if i > 0 else "", words[i + 1] if i + 1 < len(words) else ""
    if (word, after) == ("can", "you") or (before, word, after) == ("on", "top", "of"):
        return False
    return word not in _GRAMMAR


def split_noun(phrase: Sequence[str]) -> tuple[list[str], list[str]]:
    """Of the words that name something: colours with their modifiers, and the noun after them. Coffee is a colour, but of the
    coffee mug it is a part of the noun."""
    colors = lambda words: all(word in COLORS or word in MODIFIERS or word == "and" for word in words)
    starts = [i for i in range(len(phrase)) if colors(phrase[:i])]
    known = [i for i in starts if is_called(_ALL_NAMES, phrase[i:])]
    at = min(known, default=max(starts, default=0))
    if not known and colors(phrase):
        at = len(phrase)
    return [word for word in phrase[:at] if word != "and"], list(phrase[at:])


def push_sentence(rng: np.random.Generator, pick: str, place: str, template: str | None = None) -> str:
    """The same for what is pushed."""
    if template is not None and rng.random() < 0.5:
        return template
    verb, what = rng.choice(["push", "sweep"]), rng.choice(["the pile of", "all the", "the", "all"])
    return f"{verb} {what} {pick} {rng.choice(['into', 'in', 'onto', 'to'])} {rng.choice(['the', 'the', 'a'])} {place}"


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
