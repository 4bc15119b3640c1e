"""Make the site's mathematical font: STIX Two Math with the characters that a course needs.

    pip install fonttools brotli
    npm pack @fontsource/stix-two-math && tar xzf fontsource-stix-two-math-*.tgz
    python book/_tools/make_math_font.py package/files/stix-two-math-latin-400-normal.woff2

The font is 55 KB instead of 400. Its licence (SIL Open Font License 1.1) stands beside it. A test
says when a formula needs a character that ``book.css`` does not list at the font.
"""

import re
import sys
from pathlib import Path

STATIC = Path(__file__).parents[1] / "_static"
FONT = STATIC / "fonts" / "stix-two-math.woff2"


def characters():
    """The code points that the site's style says the font to have."""
    style = (STATIC / "book.css").read_text(encoding="utf-8")
    found = set()
    for part in re.search(r"unicode-range:([^;]+);", style)[1].replace("U+", "").split(","):
        first, _, last = part.strip().partition("-")
        found |= set(range(int(first, 16), int(last or first, 16) + 1))
    return found


def main(source):
    """Write ``FONT`` from the whole font in the file ``source``."""
    from fontTools import subset

    options = subset.Options(flavor="woff2", layout_features=["*"], hinting=False)
    font = subset.load_font(source, options)
    worker = subset.Subsetter(options)
    worker.populate(unicodes=characters())
    worker.subset(font)
    subset.save_font(font, FONT, options)
    print(f"{FONT}: {FONT.stat().st_size / 1024:.0f} KB")


if __name__ == "__main__":
    main(*sys.argv[1:])
