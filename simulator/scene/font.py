"""A small bitmap font: digits and capital letters of 5x7, with room above and below for Vietnamese marks."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

WIDTH = 5
ASCENT = 4  # rows above a capital, for its marks
HEIGHT = ASCENT + 7 + 2
ADVANCE = WIDTH + 1

# Seven rows of five from the top; each row a number whose highest of five bits is the left pixel.
_GLYPHS: dict[str, tuple[int, ...]] = {
    " ": (0, 0, 0, 0, 0, 0, 0),
    "0": (14, 17, 19, 21, 25, 17, 14),
    "1": (4, 12, 4, 4, 4, 4, 14),
    "2": (14, 17, 1, 2, 4, 8, 31),
    "3": (31, 2, 4, 2, 1, 17, 14),
    "4": (2, 6, 10, 18, 31, 2, 2),
    "5": (31, 16, 30, 1, 1, 17, 14),
    "6": (6, 8, 16, 30, 17, 17, 14),
    "7": (31, 1, 2, 4, 8, 8, 8),
    "8": (14, 17, 17, 14, 17, 17, 14),
    "9": (14, 17, 17, 15, 1, 2, 12),
    "A": (14, 17, 17, 17, 31, 17, 17),
    "B": (30, 17, 17, 30, 17, 17, 30),
    "C": (14, 17, 16, 16, 16, 17, 14),
    "D": (28, 18, 17, 17, 17, 18, 28),
    "E": (31, 16, 16, 30, 16, 16, 31),
    "F": (31, 16, 16, 30, 16, 16, 16),
    "G": (14, 17, 16, 23, 17, 17, 15),
    "H": (17, 17, 17, 31, 17, 17, 17),
    "I": (14, 4, 4, 4, 4, 4, 14),
    "J": (7, 2, 2, 2, 2, 18, 12),
    "K": (17, 18, 20, 24, 20, 18, 17),
    "L": (16, 16, 16, 16, 16, 16, 31),
    "M": (17, 27, 21, 21, 17, 17, 17),
    "N": (17, 17, 25, 21, 19, 17, 17),
    "O": (14, 17, 17, 17, 17, 17, 14),
    "P": (30, 17, 17, 30, 16, 16, 16),
    "Q": (14, 17, 17, 17, 21, 18, 13),
    "R": (30, 17, 17, 30, 20, 18, 17),
    "S": (15, 16, 16, 14, 1, 1, 30),
    "T": (31, 4, 4, 4, 4, 4, 4),
    "U": (17, 17, 17, 17, 17, 17, 14),
    "V": (17, 17, 17, 17, 17, 10, 4),
    "W": (17, 17, 17, 21, 21, 21, 10),
    "X": (17, 17, 10, 4, 10, 17, 17),
    "Y": (17, 17, 17, 10, 4, 4, 4),
    "Z": (31, 1, 2, 4, 8, 16, 31),
    "Đ": (14, 9, 9, 29, 9, 9, 14),
    ":": (0, 4, 4, 0, 4, 4, 0),
    "/": (0, 1, 2, 4, 8, 16, 0),
    "-": (0, 0, 0, 31, 0, 0, 0),
    ".": (0, 0, 0, 0, 0, 12, 12),
    ",": (0, 0, 0, 0, 12, 4, 8),
    "?": (14, 17, 1, 2, 4, 0, 4),
}
_ABOVE = {  # two rows each; a second mark goes above the first
    "\u0300": (8, 4),  # grave
    "\u0301": (2, 4),  # acute
    "\u0302": (4, 10),  # circumflex
    "\u0303": (13, 22),  # tilde
    "\u0306": (17, 14),  # breve
    "\u0309": (14, 2),  # hook
}
_RUN = re.compile("1+")
_HORN = "\u031b"
_DOT_BELOW = "\u0323"


def glyph(letter: str) -> list[int]:
    """HEIGHT rows of WIDTH bits for a letter, marks and all; small letters are shown as capitals, others as "?"."""
    # NFD splits marks off, but leaves Đ, which Unicode holds for a letter of its own.
    base, *marks = list(unicodedata.normalize("NFD", letter.upper()))
    rows = [0] * ASCENT + list(_GLYPHS.get(base, _GLYPHS["?"])) + [0, 0]
    free = ASCENT
    for mark in marks:
        if mark in _ABOVE and free >= 2:
            free -= 2
            rows[free : free + 2] = _ABOVE[mark]
        elif mark == _HORN:
            rows[ASCENT - 1] |= 1
        elif mark == _DOT_BELOW:
            rows[HEIGHT - 1] |= 4
    return rows


@lru_cache(maxsize=256)
def runs(letter: str) -> list[tuple[int, int, int]]:
    """Row, first column and length of each run of dots in a letter's glyph."""
    found = []
    for number, row in enumerate(glyph(letter)):
        dots = f"{row:0{WIDTH}b}"
        found += [(number, run.start(), len(run.group())) for run in _RUN.finditer(dots)]
    return found


def text_width(text: str) -> int:
    """In the font's own pixels."""
    return max(0, len(unicodedata.normalize("NFC", text)) * ADVANCE - 1)


def letters(text: str) -> str:
    """The text with each letter and its marks as one."""
    return unicodedata.normalize("NFC", text)
