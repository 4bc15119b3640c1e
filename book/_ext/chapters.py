"""The list of chapters: ``_toc.yml``, read once; whoever needs a chapter's name takes it here.

    python book/_ext/chapters.py NAME    prints the chapter's notebook, or says which there are

An entry such as ``notebooks/15-convolution`` is chapter 15, called "convolution". Its notebook, its
package in ``src/helpers/chapters`` and its tests in ``tests/chapters`` follow from that.
"""

from __future__ import annotations

import json
import re
import sys
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]
_ENTRY = re.compile(r"(\d+)-([a-z]+(?:-[a-z]+)*)")
_NAME = re.compile(r"[a-z]+(?:-[a-z]+)*")


@dataclass(frozen=True)
class Chapter:
    """One chapter: its place in the book, and where its parts are."""

    number: int
    name: str
    part: str
    docname: str
    root: Path = ROOT

    def __str__(self):
        return f"chapter {self.number}, {self.name},"

    @property
    def notebook(self):
        """Path of the notebook."""
        return self.root / f"{self.docname}.ipynb"

    @property
    def page(self):
        """The built page, relative to the site."""
        return f"{self.docname}.html"

    @property
    def package(self):
        """Name of the chapter's folder under ``helpers.chapters`` and ``tests.chapters``."""
        return self.name.replace("-", "_")

    @property
    def sources(self):
        """Folder of the figures, experiments and exercises."""
        return self.root / "src" / "helpers" / "chapters" / self.package

    @property
    def tests(self):
        """Folder of the equations, claims and tests."""
        return self.root / "tests" / "chapters" / self.package

    @cached_property
    def cells(self):
        """The notebook's cells as (type, source) pairs."""
        cells = json.loads(self.notebook.read_text(encoding="utf-8"))["cells"]
        return tuple((cell["cell_type"], "".join(cell["source"])) for cell in cells)

    @property
    def texts(self):
        """The sources of the Markdown cells."""
        return tuple(source for kind, source in self.cells if kind == "markdown")

    @property
    def title(self):
        """The notebook's first heading."""
        return self._found(r"# (.+)", "start with a heading '# …'")

    @property
    def question(self):
        """The question that the chapter answers: the bold sentence below the title."""
        return self._found(r"# .+\n\n\*\*(.+)\*\*", "state its question in bold below the title")

    def _found(self, pattern, wanted):
        found = re.match(pattern, self.texts[0] if self.texts else "")
        if found is None:
            raise ValueError(f"{self.notebook.name}: the first cell must {wanted}")
        return found[1]


@cache
def chapters(root=ROOT):
    """The chapters in the order of the table of contents.

    ``ValueError`` where an entry does not read like ``notebooks/15-convolution``, or a number or a
    name is given twice.
    """
    toc = yaml.safe_load((root / "_toc.yml").read_text(encoding="utf-8"))
    found = []
    for part in toc["parts"]:
        for entry in part["chapters"]:
            folder, _, stem = entry["file"].partition("/")
            if folder != "notebooks":
                continue
            parts = _ENTRY.fullmatch(stem)
            if parts is None:
                raise ValueError(
                    f"_toc.yml: a chapter must read like notebooks/15-convolution, "
                    f"got {entry['file']}"
                )
            found.append(Chapter(int(parts[1]), parts[2], part["caption"], entry["file"], root))
    for what in ("number", "name"):
        values = [getattr(chapter, what) for chapter in found]
        twice = sorted({v for v in values if values.count(v) > 1})
        if twice:
            raise ValueError(f"_toc.yml: the {what} {twice[0]} is given to two chapters")
    return tuple(found)


def chapter(name, root=ROOT):
    """The chapter called ``name``; ``ValueError`` that lists the names where there is none."""
    for candidate in chapters(root):
        if candidate.name == name:
            return candidate
    names = ", ".join(c.name for c in chapters(root))
    raise ValueError(f"there is no chapter {name!r}; there are {names}")


def chapter_of_page(docname, root=ROOT):
    """The chapter whose page Sphinx calls ``docname``; None for a page of prose."""
    return next((c for c in chapters(root) if c.docname == docname), None)


def check_name(name):
    """``name`` if it can be a chapter's: small letters, words joined by hyphens."""
    if not _NAME.fullmatch(name):
        raise ValueError(
            f"NAME must be small letters joined by hyphens, such as gradient-descent, got {name!r}"
        )
    return name


if __name__ == "__main__":
    try:
        print(chapter(sys.argv[1] if len(sys.argv) > 1 else "").notebook.relative_to(ROOT))
    except ValueError as problem:
        sys.exit(str(problem))
