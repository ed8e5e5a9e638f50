"""Colours by name.

Three sources: the benchmark's palette, the one-word names of CSS (W3C, CSS Color Module Level 4), and those of the XKCD
colour survey (CC0), of which crude ones and those that name no colour by themselves are left out. CSS and XKCD come with
matplotlib.
"""

from __future__ import annotations

import zlib

import numpy as np
from matplotlib.colors import CSS4_COLORS, XKCD_COLORS, to_rgb

# The benchmark's palette (CLIPort's code, ravens/utils/utils.py), sRGB.
TASK_COLORS = {
    "blue": (78, 121, 167), "red": (255, 87, 89), "green": (89, 169, 79), "orange": (242, 142, 43),
    "yellow": (237, 201, 72), "purple": (176, 122, 161), "pink": (255, 157, 167), "cyan": (118, 183, 178),
    "brown": (156, 117, 95), "white": (255, 255, 255), "gray": (186, 176, 172),
}  # fmt: skip
SEEN_COLORS = ("blue", "red", "green", "yellow", "brown", "gray", "cyan")
UNSEEN_COLORS = ("orange", "purple", "pink", "white")

MODIFIERS = ("light", "dark", "pale", "bright", "deep", "dull", "medium", "pastel", "faded", "neon")

_NO_COLOR = """adobe algae apple asparagus barney bile bland blood booger brick brownish bruise camo dark desert diarrhea
dirt drab dusk dust earth greenish greyish bluish ice iris leaf leather melon mud orangeish orangish pale pea pinkish poo
poop puke purpleish purpley purplish purply reddish royal sea shit sky snot squash steel stone swamp tealish tea toupe
velvet vomit yellowish liliac perrywinkle ocre terracota creme butter cement pear pine fern grass berry banana cherry
strawberry lemon lime mango kiwi grape apricot pumpkin watermelon celery avocado mushroom eggshell midnight twilight
ocean marine forest heather sunflower dandelion carnation lipstick""".split()


def _named() -> dict[str, tuple[int, int, int]]:
    byte = lambda color: tuple(round(255 * channel) for channel in to_rgb(color))
    css = {name: byte(value) for name, value in CSS4_COLORS.items() if name not in _NO_COLOR}
    xkcd = {name[5:]: byte(value) for name, value in XKCD_COLORS.items() if name[5:].isalpha() and name[5:] not in _NO_COLOR}
    return {**css, **xkcd, "grey": TASK_COLORS["gray"], **TASK_COLORS}


# One word each. Compounds of CSS ("darkseagreen") are words too: people type them.
COLORS = _named()

# "light blue" and such, as the survey's people named them.
MODIFIED = {
    name[5:]: tuple(round(255 * c) for c in to_rgb(value))
    for name, value in XKCD_COLORS.items()
    if len(words := name[5:].split()) == 2 and words[0] in MODIFIERS and words[1] in COLORS
}

# Other looks of the palette's words: nobody's red is only the benchmark's.
_LOOKS = {name: [TASK_COLORS[name]] + [tuple(round(255 * c) for c in to_rgb("xkcd:" + name))] for name in TASK_COLORS if "xkcd:" + name in XKCD_COLORS}


def looks_of(name: str) -> list[tuple[int, int, int]]:
    """sRGB of what people call by this name."""
    if name in _LOOKS:
        return _LOOKS[name]
    return [MODIFIED[name] if name in MODIFIED else COLORS[name]]


def is_held_out(name: str) -> bool:
    """One name in ten is kept from training, for tests of words that it never heard; the palette's never are."""
    return name not in TASK_COLORS and name != "grey" and zlib.crc32(name.encode()) % 10 == 0


TRAINED = tuple(name for name in (*COLORS, *MODIFIED) if not is_held_out(name))


def lab(rgb) -> np.ndarray:
    """CIE L*a*b* (D65) of sRGB colours 0..255, [..., 3]."""
    c = np.asarray(rgb, float) / 255
    c = np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4)
    xyz = c @ np.array([[0.4124, 0.2126, 0.0193], [0.3576, 0.7152, 0.1192], [0.1805, 0.0722, 0.9505]])
    t = xyz / (0.9505, 1.0, 1.089)
    f = np.where(t > 0.008856, np.cbrt(t), 7.787 * t + 16 / 116)
    return np.stack([116 * f[..., 1] - 16, 500 * (f[..., 0] - f[..., 1]), 200 * (f[..., 1] - f[..., 2])], -1)


_LAB = {name: lab(rgb) for name, rgb in {**COLORS, **MODIFIED}.items()}


def distance(a: str, b: str) -> float:
    """CIE76 distance of two named colours; below about 25 people may disagree which is meant."""
    return float(np.linalg.norm(_LAB[a] - _LAB[b]))


def distance_to_look(name: str, rgb) -> float:
    """CIE76 distance of a name from a look."""
    return float(min(np.linalg.norm(lab(look) - lab(rgb)) for look in looks_of(name)))


# What demonstrations may be recoloured to: nothing that looks or is called like a colour that only tests may show.
DEMONSTRATED = tuple(
    name
    for name in TRAINED
    if name not in UNSEEN_COLORS
    and not any(word in UNSEEN_COLORS for word in name.split())
    and all(distance_to_look(name, look) > 20 for unseen in UNSEEN_COLORS for look in looks_of(unseen))
)
