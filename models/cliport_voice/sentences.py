"""Sentences to train on: goals as people say them to the arm, and other English talk, made from lists by a seed.

The sentences of benchmarks/voice are not among them: `sentences` leaves out every one that is handed to it.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from pathlib import Path

WORDS: dict[str, list[str]] = {
    key: [word.strip() for word in text.split(",")]
    for key, text in json.loads((Path(__file__).parent / "words.json").read_text(encoding="utf-8")).items()
}

# How often what is said in each place, and how often nothing.
DETERMINERS = ["the"] * 12 + ["a"] * 3 + ["all the", "all the", "every", "each", "any", "two", "three", "four", "five", "both", "one of the", "another"]
VERBS = {verb.split(" ")[0] for key in ("put_verbs", "more_put_verbs", "take_verbs") for verb in WORDS[key]} | {"pack", "stack", "fill"}
PLURAL = {"all the", "two", "three", "four", "five", "both", "one of the"}


class Goals:
    """Goals over the grammar of typed ones: the same forms, colours, things, selections and places."""

    def __init__(self, seed: int):
        self.random = random.Random(seed)

    def pick(self, key: str) -> str:
        return self.random.choice(WORDS[key])

    def maybe(self, share: float, text: str) -> str:
        return f"{text} " if self.random.random() < share else ""

    def color(self) -> str:
        draw = self.random.random()
        if draw < 0.88:
            return self.pick("common_colors")
        return self.pick("other_colors") if draw < 0.95 else f"{self.pick('shades')} {self.pick('common_colors')}"

    def colors(self) -> str:
        draw = self.random.random()
        if draw < 0.12:
            return ""
        if draw < 0.88:
            return f"{self.color()} "
        return f"{self.color()} {self.random.choice(['and', 'and', 'or'])} {self.color()} "

    def noun(self, hollow: bool) -> str:
        draw = self.random.random()
        if hollow:
            return self.pick("common_places" if draw < 0.85 else "other_places")
        return self.pick("common_things" if draw < 0.72 else "other_things" if draw < 0.9 else "household")

    def thing(self, hollow: bool = False, plain: bool = False) -> str:
        determiner = self.random.choice(["the", "the", "the", "a"] if hollow or plain else DETERMINERS)
        selection = self.maybe(0.28, self.pick("selections"))
        if determiner == "a" and selection.split(" ")[0] in WORDS["superlatives"]:
            determiner = "the"
        rest = f"{selection}{self.colors()}{self.noun(hollow)}"
        if determiner in PLURAL:
            rest = plural(rest)
        if determiner == "a" and rest[0] in "aeiou":
            determiner = "an"
        later = "" if plain or hollow else self.maybe(0.1, self.later())
        return f"{determiner} {rest} {later}".strip()

    def later(self) -> str:
        near = f"{self.pick('sides')} {self.thing(hollow=self.random.random() < 0.7, plain=True)}"
        return self.random.choice([near, near, near, "on the left", "on the right", "from the left", "from the right", "on the table"])

    def what(self) -> str:
        draw = self.random.random()
        if draw < 0.04:
            return "everything"
        if draw < 0.07:
            return f"{self.random.choice(['anything', 'everything', 'all'])} {self.random.choice(['but', 'except'])} {self.thing(plain=True)}"
        if draw < 0.12:
            return f"{self.thing(plain=True)} and {self.thing(plain=True)}"
        return self.thing()

    def where(self) -> str:
        if self.random.random() < 0.12:
            return f"{self.random.choice(['on', 'onto', 'on top of'])} {self.thing(plain=True)}"
        if self.random.random() < 0.06:
            return f"on the {self.pick('steps')} {self.maybe(0.6, 'brown')}{self.random.choice(['block', 'step'])}"
        if self.random.random() < 0.06:
            return f"{self.pick('sides')} {self.thing(plain=True)}"
        return f"{self.pick('insides')} {self.thing(hollow=True)}"

    def goal(self) -> str:
        what, where = self.what(), self.where()
        then = self.random.choice(["it", "it", "it", "them"])
        forms = [
            *[(10, f"{self.pick('put_verbs')} {what} {where}"), (3, f"{self.pick('more_put_verbs')} {what} {where}")],
            (2, f"pack {what} {self.random.choice(['into', 'in'])} {self.thing(hollow=True)}"),
            (2, f"stack {what} on {self.random.choice(['', 'top of '])}{self.thing(plain=True)}"),
            (5, f"{self.pick('take_verbs')} {what} and {self.pick('put_verbs')} {then} {where}"),
            (2, f"fill {self.thing(hollow=True)} with {what}"),
            (1, f"get {what} {self.random.choice(['into', 'in'])} {self.thing(hollow=True)}"),
            (1, f"I {self.random.choice(['would like', 'want', 'need'])} {what} {where}"),
            (2, f"{what} {self.random.choice(['goes', 'should be', 'should go', 'belongs', 'must go'])} {where}"),
            (1, f"{where} {self.pick('put_verbs')} {what}"),
            (1, f"let {what} be {where}"),
        ]
        return self.random.choices([form for _, form in forms], [weight for weight, _ in forms])[0]

    def sentence(self) -> str:
        """A goal with what people say around it; some forbid one, some are "stop"."""
        draw = self.random.random()
        if draw < 0.03:
            return self.pick("stops")
        goal = self.goal()
        if draw < 0.1 and goal.split(" ")[0] in VERBS:
            return f"{self.maybe(0.1, 'please')}{self.pick('negations')} {goal}"
        if draw < 0.28 and goal.split(" ")[0] in VERBS:
            return f"{self.pick('openings')} {goal}"
        return f"{goal} {self.pick('endings')}" if draw < 0.36 else goal


def plural(noun: str) -> str:
    if noun.endswith(("x", "sh", "ch", "s")):
        return f"{noun}es"
    return f"{noun}s"


class Talk:
    """What is no goal: frames of everyday and radio English, filled from lists."""

    def __init__(self, seed: int):
        self.random = random.Random(seed)

    def sentence(self) -> str:
        text = self.random.choice(WORDS["frames"])
        while "[" in text:
            start, end = text.index("["), text.index("]")
            text = f"{text[:start]}{self.random.choice(WORDS[text[start + 1 : end]])}{text[end + 1 :]}"
        return text


def written(sentence: str) -> str:
    """As the model writes it: a capital, and a full stop or a question mark."""
    first = sentence.split(" ")[0]
    mark = "?" if first in WORDS["questions"] else "."
    return f"{sentence[0].upper()}{sentence[1:]}{mark}"


def sentences(seed: int, goals: float = 0.5, without: frozenset[str] = frozenset()) -> Iterator[tuple[str, bool]]:
    """Sentences without end, each with whether it is a goal.

    @param goals share of goals, 0..1
    @param without sentences (lower case) that are left out
    """
    draw, goal, talk = random.Random(seed), Goals(seed + 1), Talk(seed + 2)
    while True:
        is_goal = draw.random() < goals
        sentence = " ".join((goal if is_goal else talk).sentence().split())
        if sentence.lower() not in without:
            yield sentence, is_goal
