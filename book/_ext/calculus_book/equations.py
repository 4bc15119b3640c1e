"""The mark beside each checked equation, and the page that shows what checked it."""

import ast
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

import nbformat
from docutils import nodes
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

logger = logging.getLogger(__name__)

#: Only labels with this prefix promise a check; others number a definition.
PREFIX = "eq-"
CHECKS_PAGE = "book/checks"


@dataclass(frozen=True)
class Check:
    """What is known of one check without running it."""

    label: str
    by: str
    chapter: str
    about: str
    code: str


def read_checks(srcdir):
    """The checks in ``tests/equations``, found by their decorator, by label."""
    found = {}
    for path in sorted(Path(srcdir, "tests", "equations").glob("[a-z]*.py")):
        text = path.read_text(encoding="utf-8")
        for item in ast.parse(text).body:
            if not isinstance(item, ast.FunctionDef):
                continue
            for decorator in item.decorator_list:
                if isinstance(decorator, ast.Call) and decorator.func.id == "checks":
                    label = decorator.args[0].value
                    found[label] = Check(
                        label=label,
                        by=decorator.keywords[0].value.value,
                        chapter=path.stem.replace("_", "-"),
                        about=" ".join((ast.get_docstring(item) or "").split()),
                        code=ast.get_source_segment(text, item),
                    )
    return found


def mark_checked(app, doctree, docname):
    """Put a small linked mark behind every labelled equation that has a check."""
    known = read_checks(app.srcdir)
    for block in list(doctree.findall(nodes.math_block)):
        label = block.get("label") or ""
        if not label.startswith(PREFIX):
            continue
        check = known.get(label)
        if check is None:
            logger.warning("equation %s has no check in tests/equations", label, location=block)
            continue
        target = app.builder.get_relative_uri(docname, CHECKS_PAGE) + f"#check-{label}"
        text = f"✓ checked by {check.by}"
        link = nodes.reference("", text, internal=True, refuri=target)
        mark = nodes.paragraph("", "", link, classes=["cml-checked"])
        block.parent.insert(block.parent.index(block) + 1, mark)


class CheckedEquations(SphinxDirective):
    """``{checked-equations}``: every check of a labelled equation, with its code."""

    def run(self):
        """A section a chapter, an entry a check: what it does, a link back and the code."""
        srcdir = Path(self.env.srcdir)
        notebooks = sorted(srcdir.glob("notebooks/*.ipynb"))
        for path in [*srcdir.glob("tests/equations/*.py"), *notebooks]:
            self.env.note_dependency(str(path))
        stated = "".join(path.read_text(encoding="utf-8") for path in notebooks)
        in_order = sorted(
            read_checks(srcdir).values(), key=lambda c: stated.find(f"$$ ({c.label})")
        )
        sections = []
        for chapter, checks in groupby(in_order, lambda c: c.chapter):
            section = nodes.section(ids=[f"checks-{chapter}"], names=[f"checks-{chapter}"])
            section += nodes.title("", _title(srcdir, chapter))
            for check in checks:
                section += self._entry(check)
            sections.append(section)
        return sections

    def _entry(self, check):
        entry = nodes.container(ids=[f"check-{check.label}"], classes=["cml-check-entry"])
        head = f"{{eq}}`{check.label}` by {check.by}. {check.about}"
        entry += self.parse_text_to_nodes(head)
        entry += nodes.raw("", "<details><summary>the check</summary>", format="html")
        entry += nodes.literal_block(check.code, check.code, language="python")
        entry += nodes.raw("", "</details>", format="html")
        return entry


def _title(srcdir, chapter):
    (path,) = srcdir.glob(f"notebooks/*-{chapter}.ipynb")
    first = nbformat.read(path, as_version=4).cells[0].source
    return first.splitlines()[0].removeprefix("# ")
