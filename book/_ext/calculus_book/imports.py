"""Which files of the helpers package a notebook stands on, by the imports in its code."""

import ast
from pathlib import Path


def needed(package, codes, roots=()):
    """The files that ``codes``, pieces of Python, reach by imports within ``package``.

    ``package`` is the folder of the package, ``roots`` are modules to start from besides. A file
    that is no Python, such as a table of data, is needed by the modules beside it that name it.
    """
    package, found = Path(package), set()
    waiting = [name for code in codes for name in _imported(ast.parse(code))] + list(roots)
    while waiting:
        for path in _files(package, waiting.pop()):
            if path in found:
                continue
            found.add(path)
            text = path.read_text(encoding="utf-8")
            waiting += _imported(ast.parse(text))
            found |= {
                other
                for other in path.parent.iterdir()
                if other.is_file() and other.suffix != ".py" and other.name in text
            }
    return sorted(found)


def _imported(tree):
    """Dotted names that a module imports, or may import: ``from a import b`` gives a and a.b."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _files(package, name):
    """The files that importing ``name`` runs: the packages above it, and the module itself."""
    first, *rest = name.split(".")
    if first != package.name:
        return
    folder = package
    for part in ["", *rest]:
        folder = folder / part
        if folder.is_dir() and (folder / "__init__.py").exists():
            yield folder / "__init__.py"
        elif folder.with_suffix(".py").exists():
            yield folder.with_suffix(".py")
        else:
            return
