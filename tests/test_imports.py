"""Imports point one way, and what every helper needs is small: the contracts of pyproject.toml."""

import subprocess
import sys
from pathlib import Path

from tests.conftest import ROOT

MODULES = [
    ".".join(path.relative_to(ROOT / "src").with_suffix("").parts)
    for folder in ("mathematics", "data", "exercises")
    for path in sorted((ROOT / "src" / "helpers" / folder).glob("[a-z]*.py"))
]


def test_the_contracts_are_kept():
    command = [Path(sys.executable).with_name("lint-imports"), "--no-cache"]
    answer = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stdout + answer.stderr


def test_mathematics_and_data_import_without_matplotlib_and_ipywidgets():
    """In one process that refuses them: what is only imported in a function is noticed as well."""
    assert MODULES
    code = (
        "import sys, importlib\n"
        "for name in ('matplotlib', 'ipywidgets', 'IPython'): sys.modules[name] = None\n"
        f"for name in {MODULES}: importlib.import_module(name)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)
