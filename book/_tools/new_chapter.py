"""Lay out a new chapter that builds, and that fails its tests with sentences on what is missing.

python book/_tools/new_chapter.py 15 convolution
"""

import re
import sys
from pathlib import Path

#: The list of chapters stands beside the Sphinx extension, which needs it too.
LIST = Path(__file__).resolve().parents[1] / "_ext"
#: The last chapter of each part.
PARTS = ((5, "I Calculus"), (11, "II Optimization"), (19, "III Applications"))

FIGURES = '''"""Drawings of the chapter on {words}."""

from __future__ import annotations

from helpers.show.style import COLOR, panel


def draw_{package}(*, slope):
    """A straight line through the origin, as a place for the chapter's first drawing."""
    figure, ax = panel("A line", "x", "y", xlim=(-1, 1), ylim=(-2, 2))
    ax.plot([-1, 1], [-slope, slope], color=COLOR.model)
    return figure, f"The line rises by {{slope:g}} for each unit."
'''
FILES = {
    "sources": {
        "__init__.py": '"""The chapter on {words}: figures, runs and exercises."""\n',
        "figures.py": FIGURES,
        "experiments.py": '"""Runs that the figures of the chapter on {words} show."""\n',
        "exercises.py": '"""The exercises of the chapter on {words}."""\n\nEXERCISES = []\n',
    },
    "tests": {
        "__init__.py": "",
        "equations.py": '"""The labelled equations of the chapter on {words}."""\n',
        "claims.py": '"""What the chapter on {words} says and no cell prints, computed."""\n',
    },
}
TEXT = """# {title}

**What question does this chapter answer?**

- **Time:** about 60 minutes. **Difficulty:** introductory.
- **Prerequisites:** name them."""
CODE = """from ipywidgets import FloatSlider

from helpers.chapters.{package} import figures
from helpers.explore import explore

explore(
    figures.draw_{package},
    slope=FloatSlider(
        value=1.0, min=-2.0, max=2.0, step=0.5, description="slope a"
    ),
)"""


def lay_out(number, name, root):
    """Write the files of a chapter and its entry; returns their paths.

    ``ValueError`` where the number or the name is taken, or is none.
    """
    from chapters import Chapter, chapters, check_name

    if not re.fullmatch(r"[1-9]\d?", str(number)):
        raise ValueError(f"N must be the chapter's number, such as 15, got {number!r}")
    number, known = int(number), chapters(root)
    for other in known:
        if number == other.number or name == other.name:
            raise ValueError(f"{other} is there already")
    part = next((caption for last, caption in PARTS if number <= last), None)
    if part is None:
        raise ValueError(f"N must be at most {PARTS[-1][0]}, the last chapter, got {number}")
    docname = f"notebooks/{number:02d}-{check_name(name)}"
    chapter = Chapter(number, name, part, docname, root)
    words = name.replace("-", " ")
    fill = {"package": chapter.package, "words": words, "title": words.capitalize()}
    written = []
    for folder, files in FILES.items():
        for file, text in files.items():
            written.append(getattr(chapter, folder) / file)
            written[-1].parent.mkdir(parents=True, exist_ok=True)
            written[-1].write_text(text.format(**fill), encoding="utf-8")
    notebook = _notebook(chapter, TEXT.format(**fill), CODE.format(**fill))
    chapter.notebook.write_text(notebook, encoding="utf-8")
    toc = root / "_toc.yml"
    before = [c.docname for c in known if c.part == part and c.number < number]
    listed = _with_entry(toc.read_text(encoding="utf-8"), docname, part, before)
    toc.write_text(listed, encoding="utf-8")
    return [*written, chapter.notebook, toc]


def _notebook(chapter, text, code):
    import nbformat

    import notebooks

    notebook = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_markdown_cell(text), nbformat.v4.new_code_cell(code)]
    )
    return notebooks.text(notebooks.normalize(notebook, chapter.name))


def _with_entry(toc, docname, part, before):
    """The table of contents with one entry more, behind those of its part with smaller numbers."""
    lines = toc.split("\n")
    if before:
        place = next(i for i, line in enumerate(lines) if line.strip() == f"- file: {before[-1]}")
    else:
        place = next(i for i, line in enumerate(lines) if line.strip() == f"- caption: {part}") + 1
    lines.insert(place + 1, f"      - file: {docname}")
    return "\n".join(lines)


def main(arguments):
    """Command line entry; returns the exit code."""
    sys.path[:0] = [str(LIST), str(Path(__file__).parent)]
    from chapters import ROOT

    if len(arguments) != 2:
        print("usage: make chapter N=15 NAME=convolution", file=sys.stderr)
        return 2
    try:
        written = lay_out(*arguments, ROOT)
    except ValueError as problem:
        print(f"make chapter: {problem}", file=sys.stderr)
        return 2
    for path in written:
        print(path.relative_to(ROOT))
    print(f"Now: make test CHAPTER={arguments[1]} says what is missing.")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
