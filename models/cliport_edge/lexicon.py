"""What a policy's words mean, for programs that talk to people: part of the manifest of a policy package.

    python -m cliport_edge.lexicon --out models/lexicon.json

Written from words.py, which has what the tasks of the cell declare, and colors.py.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from .colors import COLORS, MODIFIED
from .words import ANYTHING, DECLARED, NOUNS, RELATIONS, Tokenizer


def lexicon(tokenizer: Tokenizer | None = None) -> dict:
    """nouns: kind -> its names; colors: name -> sRGB as #rrggbb; relations: relation -> its prepositions; tasks: names;
    forms: the tasks' own sentences, each with how it has things moved; parts: what sentences call parts of things.

    A noun may name several kinds; plurals are not listed. With a tokenizer: of the tasks all of whose nouns it knows.
    """
    tokenizer = tokenizer or Tokenizer.default()
    tasks = {name: task for name, task in DECLARED.items() if all(tokenizer.knows(noun) for names in task["nouns"].values() for noun in names)}
    kinds = {kind for task in tasks.values() for kind in task["nouns"]}
    forms = {form: task["primitive"] for task in tasks.values() for form in task["forms"]}
    return {
        "nouns": {kind: list(names) for kind, names in NOUNS.items() if kind in kinds} | {"anything": list(ANYTHING)},
        "colors": {name: "#{:02x}{:02x}{:02x}".format(*rgb) for name, rgb in sorted({**COLORS, **MODIFIED}.items())},
        "relations": {relation: list(words) for relation, words in RELATIONS.items()},
        "tasks": [name for name, task in tasks.items() if task["forms"]],
        "forms": [{"form": form, "primitive": primitive} for form, primitive in forms.items()],
        "parts": list(dict.fromkeys(part for task in tasks.values() for part in task["parts"])),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    args.out.write_text(json.dumps(lexicon(), indent=1) + "\n")


if __name__ == "__main__":
    main()
