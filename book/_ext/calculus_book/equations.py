"""The mark beside each checked equation, and the page that shows what checked it."""

from functools import cache
from pathlib import Path

from chapters import chapters
from docutils import nodes
from equation_files import read
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

logger = logging.getLogger(__name__)

#: Only labels with this prefix promise a check; others number a definition.
PREFIX = "eq-"
CHECKS_PAGE = "book/checks"


def entries(srcdir):
    """The equations of each chapter: {chapter: {label: Entry}}."""
    found = {}
    for chapter in chapters(Path(srcdir)):
        path = file_of(chapter)
        found[chapter] = _read_once(path, path.stat().st_mtime_ns) if path.exists() else {}
    return found


@cache
def _read_once(path, changed_at):
    """The entries of a file as it was at a time: each page asks for them."""
    return read(path)


def file_of(chapter):
    """Where a chapter's equations are checked."""
    return chapter.tests / "equations.py"


def mark_checked(app, doctree, docname):
    """Put a small linked mark behind every labelled equation that has a check."""
    known = {label: e for found in entries(app.srcdir).values() for label, e in found.items()}
    for block in list(doctree.findall(nodes.math_block)):
        label = block.get("label") or ""
        if not label.startswith(PREFIX):
            continue
        entry = known.get(label)
        if entry is None or not entry.check:
            logger.warning(
                "equation %s has no check in tests/chapters", label, location=block, type="checks"
            )
            continue
        target = app.builder.get_relative_uri(docname, CHECKS_PAGE) + f"#check-{label}"
        text = f"✓ checked by {entry.summary}"
        link = nodes.reference("", text, internal=True, refuri=target)
        mark = nodes.paragraph("", "", link, classes=["cml-checked"])
        block.parent.insert(block.parent.index(block) + 1, mark)


class CheckedEquations(SphinxDirective):
    """``{checked-equations}``: each labelled equation, its formula and its check."""

    def run(self):
        """A section a chapter, an entry an equation."""
        sections = []
        for chapter, found in entries(self.env.srcdir).items():
            for path in (file_of(chapter), chapter.notebook):
                self.env.note_dependency(str(path))
            if not found:
                continue
            stated = "\n".join(chapter.texts)
            identifier = f"checks-{chapter.name}"
            section = nodes.section(ids=[identifier], names=[identifier])
            section += nodes.title("", chapter.title)
            for entry in sorted(found.values(), key=lambda e: stated.find(f"$$ ({e.label})")):
                section += self._entry(entry)
            sections.append(section)
        return sections

    def _entry(self, entry):
        about = nodes.container(ids=[f"check-{entry.label}"], classes=["cml-check-entry"])
        caught = f"It notices all {entry.caught} wrong versions of the formula that were tried."
        about += self.parse_text_to_nodes(
            f"{{eq}}`{entry.label}` is checked by {entry.summary}. {entry.about} {caught}\n\n"
            f"$$\n{entry.latex.strip()}\n$$"
        )
        for summary, code in (("the formula", entry.formula), ("the check", entry.check)):
            about += nodes.raw("", f"<details><summary>{summary}</summary>", format="html")
            about += nodes.literal_block(code, code, language="python")
            about += nodes.raw("", "</details>", format="html")
        return about


class CheckCounts(SphinxDirective):
    """``{check-counts}``: how many equations, wrong versions and claims the tests go through."""

    def run(self):
        """One sentence, counted when the book is built."""
        found = [e for members in entries(self.env.srcdir).values() for e in members.values()]
        claims = 0
        for chapter in chapters(Path(self.env.srcdir)):
            path = chapter.tests / "claims.py"
            self.env.note_dependency(str(path))
            if path.exists():
                claims += path.read_text(encoding="utf-8").count("\n@claim(")
        return self.parse_text_to_nodes(
            f"In this build {len(found)} equations are checked against "
            f"{sum(e.caught for e in found):,} wrong versions of their formulas, and {claims} "
            "claims of the text are computed."
        )
