"""How many wrong versions of the mathematics its tests notice.

    python book/_tools/mutate.py [--sample N] [--seed S] [MODULE ...]

Of each module in ``src/helpers/mathematics`` some mutants are drawn, the same for a seed, and
the module's own tests are run on each. What is truly equivalent stands with its reason in
a file of the module in ``tests/mathematics/equivalent`` and does not count.
"""

import argparse
import ast
import importlib.abc
import importlib.util
import os
import random
import sys
import tomllib
import zlib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "src" / "helpers" / "mathematics"
TESTS = ROOT / "tests" / "mathematics"
WANTED = 0.95
#: A mutant may run for ever; then it is noticed.
SECONDS = 120


def all_mutants(path):
    """Mutants of every function of a module: (name, source of the module)."""
    sys.path.insert(0, str(ROOT / "book" / "_ext"))
    from mutants import mutants

    text = path.read_text(encoding="utf-8")
    lines, found = text.split("\n"), []
    for scope, function in _functions(ast.parse(text)):
        for mutant in mutants(function, small=None):
            body = ast.parse(mutant.code).body[0]
            body.decorator_list = function.decorator_list
            start = min([function.lineno, *(d.lineno for d in function.decorator_list)])
            indent = " " * function.col_offset
            code = [indent + line for line in ast.unparse(body).split("\n")]
            source = "\n".join([*lines[: start - 1], *code, *lines[function.end_lineno :]])
            found.append((f"{scope}{function.name}: {mutant.name}", source))
    return found


def _functions(tree, scope=""):
    for node in tree.body:
        if isinstance(node, ast.FunctionDef):
            yield scope, node
        elif isinstance(node, ast.ClassDef):
            yield from _functions(node, f"{scope}{node.name}.")


class Loader(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Imports one module from a text instead of its file."""

    def __init__(self, name, path, source):
        self.name, self.path, self.source = name, path, source

    def find_spec(self, name, path=None, target=None):
        """The spec of the one module, and of no other."""
        if name == self.name:
            return importlib.util.spec_from_loader(name, self, origin=str(self.path))
        return None

    def exec_module(self, module):
        """Run the text."""
        module.__file__ = str(self.path)
        exec(compile(self.source, str(self.path), "exec"), module.__dict__)


def noticed(path, source, tests):
    """Whether the tests fail where the module at ``path`` has the text ``source``.

    They run in a fork of this process, which has imported what is slow to import.
    """
    child = os.fork()
    if child == 0:
        import signal

        import pytest

        signal.alarm(SECONDS)
        quiet = os.open(os.devnull, os.O_WRONLY)
        os.dup2(quiet, 1)
        os.dup2(quiet, 2)
        sys.meta_path.insert(0, Loader(f"helpers.mathematics.{path.stem}", path, source))
        plain = ["-x", "-q", "-p", "no:cacheprovider", "-p", "no:xdist"]
        answer = pytest.main([*plain, "--hypothesis-profile=mutants", str(tests)])
        os._exit(int(answer))
    return os.waitpid(child, 0)[1] != 0


def main(arguments=None):
    """Command line entry; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--sample", type=int, default=40, help="mutants of each module (0: all)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("modules", nargs="*", help="default: all")
    options = parser.parse_args(arguments)
    os.chdir(ROOT)
    for slow in ("numpy", "scipy.sparse", "autograd.numpy", "sympy"):
        importlib.import_module(slow)
    counted = killed = 0
    paths = [p for p in sorted(FOLDER.glob("[a-z]*.py")) if p.stem in options.modules or
             not options.modules]  # fmt: skip
    for path in paths:
        tests = TESTS / f"test_{path.stem}.py"
        if noticed(path, path.read_text(encoding="utf-8"), tests):
            sys.exit(f"{tests.relative_to(ROOT)} fails, or is not there: mutants say nothing")
        made, listed = all_mutants(path), TESTS / "equivalent" / f"{path.stem}.toml"
        harmless = tomllib.loads(listed.read_text(encoding="utf-8")) if listed.exists() else {}
        stale = sorted(set(harmless) - {name for name, _ in made})
        if stale:
            sys.exit(f"{listed.relative_to(ROOT)}: there is no mutant {stale[0]!r}")
        made = [m for m in made if m[0] not in harmless]
        drawn = random.Random(options.seed + zlib.crc32(path.stem.encode()))
        if options.sample:
            made = drawn.sample(made, min(options.sample, len(made)))
        living = [name for name, source in made if not noticed(path, source, tests)]
        counted, killed = counted + len(made), killed + len(made) - len(living)
        print(f"{path.stem}: {len(made) - len(living)} of {len(made)} noticed", flush=True)
        for name in living:
            print(f"    lives: {name}", flush=True)
    print(f"{killed} of {counted} noticed, {100 * killed / max(1, counted):.1f} %")
    return 0 if killed >= WANTED * counted else 1


if __name__ == "__main__":
    sys.exit(main())
