"""Make the tabular figures of Be Vietnam Pro, which as published has proportional ones and no `tnum` feature.

Takes the package's own files, keeps the ten digits, centres each in one width (and squeezes the one or two that are
wider), and writes src/fonts/figures-<weight>.woff2. Run once per new version of the font, in an environment with
fonttools and brotli; the outcome is in the repository because a checkout is set up without them. The font's licence
(OFL 1.1, no reserved name) allows it.
"""

from __future__ import annotations

from pathlib import Path

from fontTools.pens.recordingPen import DecomposingRecordingPen
from fontTools.pens.transformPen import TransformPen
from fontTools.pens.ttGlyphPen import TTGlyphPen
from fontTools.subset import Options, Subsetter
from fontTools.ttLib import TTFont

WEB = Path(__file__).resolve().parent.parent
FILES = WEB / "node_modules" / "@fontsource" / "be-vietnam-pro" / "files"
WEIGHTS = (400, 500, 600)
WIDTH_UNITS = 650  # of 1000 to the em: about the middle of the published widths, so that text keeps its colour
NAMES = (1, 3, 4, 6, 16)


def tabular(source: Path, target: Path, weight: int) -> None:
    font = TTFont(source)
    options = Options(flavor="woff2", layout_features=[], hinting=False, notdef_outline=True)
    subsetter = Subsetter(options)
    subsetter.populate(unicodes=range(ord("0"), ord("9") + 1))
    subsetter.subset(font)
    glyphs = font.getGlyphSet()
    for code in range(ord("0"), ord("9") + 1):
        name = font.getBestCmap()[code]
        advance, _ = font["hmtx"][name]
        squeeze = min(1.0, WIDTH_UNITS / advance)
        shift = (WIDTH_UNITS - advance * squeeze) / 2
        recorded = DecomposingRecordingPen(glyphs)
        glyphs[name].draw(recorded)
        pen = TTGlyphPen(None)
        recorded.replay(TransformPen(pen, (squeeze, 0, 0, 1, shift, 0)))
        font["glyf"][name] = glyph = pen.glyph()
        glyph.recalcBounds(font["glyf"])
        font["hmtx"][name] = (WIDTH_UNITS, glyph.xMin)
    for name_id in NAMES:
        font["name"].setName(f"WardWatch Figures {weight}", name_id, 3, 1, 0x409)
    font.flavor = "woff2"
    font.save(target)


def main() -> None:
    for weight in WEIGHTS:
        source = FILES / f"be-vietnam-pro-latin-{weight}-normal.woff2"
        tabular(source, WEB / "src" / "fonts" / f"figures-{weight}.woff2", weight)


if __name__ == "__main__":
    main()
