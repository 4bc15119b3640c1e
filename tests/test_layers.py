"""Imports point one way: mathematics, figures, explore; the mathematics needs no drawing at all."""

import ast
import subprocess
import sys

import pytest

from tests.conftest import ROOT

PACKAGE = ROOT / "src" / "helpers"
UPPER = {"plotting", "renderer", "bake", "explore", "figures", "exercises"}
MATHEMATICS = sorted(p.stem for p in PACKAGE.glob("*.py") if p.stem not in UPPER | {"__init__"})
# What each layer may import from the package; the mathematics may import itself.
ALLOWED = {
    "plotting": {"_validate"},
    "renderer": {"_validate", "plotting"},
    "bake": {"_validate", "plotting", "renderer"},
    "explore": {"_validate", "plotting", "bake"},
}


def imports(path):
    """The top-level packages and the helpers modules that a file imports."""
    outside, inside = set(), set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            names = [base] if base != "helpers" else [f"helpers.{a.name}" for a in node.names]
        else:
            continue
        for name in names:
            parts = name.split(".")
            if parts[0] == "helpers":
                inside.add(parts[1] if len(parts) > 1 else "")
            else:
                outside.add(parts[0])
    return outside, inside


@pytest.mark.parametrize("module", MATHEMATICS)
def test_mathematics_imports_without_matplotlib_and_ipywidgets(module):
    code = (
        "import sys\n"
        "for name in ('matplotlib', 'ipywidgets', 'IPython'): sys.modules[name] = None\n"
        f"import helpers.{module}\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)


@pytest.mark.parametrize("module", MATHEMATICS)
def test_mathematics_imports_only_mathematics(module):
    outside, inside = imports(PACKAGE / f"{module}.py")
    assert inside <= set(MATHEMATICS)
    assert outside <= {"numpy", "scipy"} | set(sys.stdlib_module_names)


@pytest.mark.parametrize("path", sorted((PACKAGE / "figures").glob("*.py")), ids=lambda p: p.stem)
def test_figures_know_no_widget(path):
    outside, inside = imports(path)
    assert inside <= set(MATHEMATICS) | {"plotting", "figures"}
    assert outside <= {"numpy", "scipy", "matplotlib"} | set(sys.stdlib_module_names)


@pytest.mark.parametrize("module", sorted(ALLOWED))
def test_shared_layers_import_downwards(module):
    assert imports(PACKAGE / f"{module}.py")[1] <= ALLOWED[module]


def test_only_explore_knows_ipywidgets():
    users = [p.name for p in PACKAGE.rglob("*.py") if "ipywidgets" in imports(p)[0]]
    assert users == ["explore.py"]


@pytest.mark.parametrize("path", sorted((ROOT / "notebooks").glob("*.ipynb")), ids=lambda p: p.stem)
def test_notebooks_do_not_edit_the_path_or_seed_globally(path):
    text = path.read_text(encoding="utf-8")
    assert "sys.path" not in text
    assert "random.seed" not in text
