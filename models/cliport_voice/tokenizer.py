"""Moonshine's byte-pair vocabulary, as src/io/voice/moonshine/tokenizer.ts reads it: the same tokens for the same words."""

from __future__ import annotations

import re
from pathlib import Path

from .moonshine import BEGIN, END

BLANK = "\u2581"


class Tokenizer:
    def __init__(self, file: Path):
        data, self.texts, at = file.read_bytes(), [], 0
        while at < len(data):
            length, at = data[at], at + 1
            if length >= 128:
                length, at = length - 128 + 128 * data[at], at + 1
            self.texts.append(data[at : at + length].decode(errors="replace"))
            at += length
        self.ranks = {text: token for token, text in enumerate(self.texts)}
        self.known: dict[str, list[int]] = {}

    def encode(self, sentence: str) -> list[int]:
        """With the tokens for its begin and its end. @raises KeyError for a character without a token"""
        parts = re.findall(r"[\w'-]+|[^\w\s]", sentence)
        return [BEGIN, *(token for part in parts for token in self._word(part)), END]

    def decode(self, tokens: list[int]) -> str:
        return "".join(self.texts[token] for token in tokens if token > END).replace(BLANK, " ").strip()

    def _word(self, word: str) -> list[int]:
        if word not in self.known:
            parts = list(f"{BLANK}{word}" if word[0].isalnum() else word)
            while True:
                ranked = [(self.ranks.get(a + b, len(self.ranks)), i) for i, (a, b) in enumerate(zip(parts, parts[1:], strict=False))]
                rank, i = min(ranked, default=(len(self.ranks), 0))
                if rank == len(self.ranks):
                    break
                parts[i : i + 2] = [parts[i] + parts[i + 1]]
            self.known[word] = [self.ranks[part] for part in parts]
        return self.known[word]
