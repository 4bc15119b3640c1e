"""Folds the cells that are scenery: imports, and the calls that only show a figure."""

import ast

from docutils import nodes

IMPORTS = "Imports"
FIGURE = "How this figure is made"
_SHOWS = {"explore", "show"}


def fold_scenery(app, doctree, docname):
    """Put the code of such cells into a closed ``details``; what they show stays in sight."""
    for cell in list(doctree.findall(_is_code_cell)):
        (code,) = (child for child in cell.children if "cell_input" in _classes(child))
        name = fold_of(code.astext())
        if name is None:
            continue
        place = cell.index(code)
        opening = f'<details class="cml-fold"><summary>{name}</summary>'
        cell[place : place + 1] = [
            nodes.raw("", opening, format="html"),
            code,
            nodes.raw("", "</details>", format="html"),
        ]


def fold_of(source):
    """What a fold over a cell's code says, or ``None`` for code that teaches."""
    statements = ast.parse(source).body
    if all(_is_setting(s) for s in statements):
        imports = any(isinstance(s, (ast.Import, ast.ImportFrom)) for s in statements)
        return IMPORTS if imports else None
    *before, last = statements
    shows = isinstance(last, ast.Expr) and _called(last.value) in _SHOWS
    plain = (ast.Import, ast.ImportFrom, ast.Assign)
    return FIGURE if shows and all(isinstance(s, plain) for s in before) else None


def _is_setting(statement):
    """An import, or the making of the chapter's random generator."""
    if isinstance(statement, (ast.Import, ast.ImportFrom)):
        return True
    return isinstance(statement, ast.Assign) and _called(statement.value) == "default_rng"


def _called(value):
    if not isinstance(value, ast.Call):
        return ""
    return getattr(value.func, "attr", getattr(value.func, "id", ""))


def _is_code_cell(node):
    classes = _classes(node)
    inputs = [child for child in node.children if "cell_input" in _classes(child)]
    return "cell" in classes and "tag_hide-cell" not in classes and len(inputs) == 1


def _classes(node):
    return node.get("classes", []) if isinstance(node, nodes.container) else []
