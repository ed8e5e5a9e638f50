"""The tables by which ftfy repairs text, in a form that the runtime reads; a policy package carries them in tokenizer.json.

CLIP's tokenizer passes every sentence through ftfy first. src/io/policy/text-repair.ts goes through ftfy's steps; what
counts as broken is in these tables, which are taken from the installed ftfy, not copied by hand.
"""

from __future__ import annotations

import codecs
import html
import html.entities

import ftfy.bad_codecs
import ftfy.badness
import ftfy.chardata
import ftfy.fixes


def javascript_pattern(verbose: str) -> str:
    """A regular expression of Python's verbose form as one of JavaScript's `u` form: the same matches."""
    classes = {r"\s": r"\p{White_Space}\x1c-\x1f", r"\w": r"\p{L}\p{N}_"}
    out, i, inside, opened = [], 0, False, 0
    while i < len(verbose):
        char, two = verbose[i], verbose[i : i + 2]
        if two in classes:
            out.append(classes[two] if inside else f"[{classes[two]}]")
            i += 1
        elif char == "\\":
            out.append(two)
            i += 1
        elif inside:
            ends = char == "]" and len(out) > opened
            out.append("\\[" if char == "[" else char)
            inside = not ends
        elif char == "#":
            i = verbose.index("\n", i)
        elif char == "[":
            inside = True
            out.append(char)
            opened = len(out)
        elif char == ".":
            out.append(r"[^\n]")
        elif not char.isspace():
            out.append(char)
        i += 1
    return "".join(out)


def letters_of(encoding: str) -> str:
    """The 256 characters of a single-byte encoding."""
    return bytes(range(256)).decode(encoding)


def tables() -> dict:
    """Patterns of `bytes` are written as Latin-1."""
    codecs.lookup("sloppy-windows-1252")
    as_text = lambda pattern: pattern.pattern.decode("latin-1")
    by_letter = lambda table: {chr(code): text for code, text in table.items()}
    return {
        "broken": javascript_pattern(ftfy.badness.BADNESS_RE.pattern),
        "embedded": javascript_pattern(ftfy.chardata.UTF8_DETECTOR_RE.pattern),
        "encodings": {name: letters_of(name) for name in ftfy.chardata.CHARMAP_ENCODINGS},
        "spacedBytes": as_text(ftfy.chardata.ALTERED_UTF8_RE),
        "spacedWord": as_text(ftfy.fixes.A_GRAVE_WORD_RE),
        "lostBytes": as_text(ftfy.chardata.LOSSY_UTF8_RE),
        "ligatures": by_letter(ftfy.chardata.LIGATURES),
        "widths": by_letter(ftfy.chardata.WIDTH_MAP),
        "entities": html.entities.html5,
        "capitalEntities": {
            name[1:]: text for name, text in ftfy.chardata.HTML_ENTITIES.items() if html.entities.html5.get(name[1:]) != text
        },
        # Windows-1252 in the place of control characters, as HTML has it.
        "characterReferences": {str(code): html.unescape(f"&#{code};") for code in [0, 13, *range(128, 160)]},
    }  # fmt: skip
