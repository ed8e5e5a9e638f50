"""What a policy's words mean, for programs that talk to people: part of the manifest of a policy package.

    python -m cliport_edge.lexicon --out models/lexicon.json

Written from words.py and colors.py, the one source of both vocabulary and training sentences.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from .colors import COLORS, MODIFIED
from .words import ANYTHING, NOUNS, RELATIONS, TASKS


def lexicon() -> dict:
    """nouns: kind -> its names; colors: name -> sRGB as #rrggbb; relations: relation -> its prepositions; tasks: names.

    A noun may name several kinds; plurals are not listed.
    """
    return {
        "nouns": {kind: list(names) for kind, names in NOUNS.items()} | {"anything": list(ANYTHING)},
        "colors": {name: "#{:02x}{:02x}{:02x}".format(*rgb) for name, rgb in sorted({**COLORS, **MODIFIED}.items())},
        "relations": {relation: list(words) for relation, words in RELATIONS.items()},
        "tasks": list(TASKS),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    args.out.write_text(json.dumps(lexicon(), indent=1) + "\n")


if __name__ == "__main__":
    main()
