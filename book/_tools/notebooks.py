"""Re-execute notebooks and write them so that a diff is readable.

    python book/_tools/notebooks.py [--check] [CHAPTER ...]

Cells get ids from the chapter's name and their place, metadata shrinks to what the book uses, text
outputs stay (the tests compare them), images and widget states go: the book draws them anew.
With ``--check`` nothing is executed or written; the command fails where a file is not in this form.
"""

import argparse
import json
import sys
from pathlib import Path

import nbformat
from nbclient import NotebookClient

#: The list of chapters stands beside the Sphinx extension, which needs it too.
LIST = Path(__file__).resolve().parents[1] / "_ext"
CELL_METADATA = ("tags", "jupyter")
KEPT_TYPES = ("text/plain",)
NOTEBOOK_METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}


def normalize(notebook, name):
    """Bring a notebook into the committed form, in place."""
    notebook.metadata = nbformat.from_dict(NOTEBOOK_METADATA)
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    executed = 0
    for number, cell in enumerate(notebook.cells, start=1):
        cell.id = f"{name}-{number:03d}"
        cell.metadata = nbformat.from_dict(
            {k: cell.metadata[k] for k in CELL_METADATA if cell.metadata.get(k)}
        )
        cell.source = "\n".join(line.rstrip() for line in cell.source.strip().split("\n"))
        if "hide-cell" in cell.metadata.get("tags", []):
            # The page folds such a cell by its tag, JupyterLab by this.
            cell.metadata["jupyter"] = {"source_hidden": True}
        if cell.cell_type == "code":
            executed += 1
            cell.execution_count = executed
            cell.outputs = [_normal_output(o, executed) for o in _joined(cell.outputs)]
    return notebook


def text(notebook):
    """The file's text: sorted keys, one space, as nbformat writes it."""
    return nbformat.writes(notebook).rstrip("\n") + "\n"


def _joined(outputs):
    """Consecutive pieces of one stream as one output: how it was cut depends on timing."""
    joined = []
    for output in outputs:
        if (
            output.output_type == "stream"
            and joined
            and joined[-1].output_type == "stream"
            and joined[-1].name == output.name
        ):
            joined[-1].text += output.text
        else:
            joined.append(output)
    return joined


def _normal_output(output, count):
    if output.output_type in ("display_data", "execute_result"):
        output.data = nbformat.from_dict({k: v for k, v in output.data.items() if k in KEPT_TYPES})
        output.metadata = nbformat.from_dict({})
    if output.output_type == "execute_result":
        output.execution_count = count
    return output


def _process(chapter, *, check):
    path = chapter.notebook
    notebook = nbformat.read(path, as_version=4)
    if check:
        before = path.read_text(encoding="utf-8")
        if before != text(normalize(json_copy(notebook), chapter.name)):
            print(f"{path}: not in the committed form, run 'make notebooks'", file=sys.stderr)
            return False
        return True
    print(f"executing {path.name} ...", flush=True)
    NotebookClient(
        notebook,
        timeout=300,
        store_widget_state=False,
        resources={"metadata": {"path": str(path.parent)}},
    ).execute()
    path.write_text(text(normalize(notebook, chapter.name)), encoding="utf-8")
    return True


def json_copy(notebook):
    """An independent copy of a notebook."""
    return nbformat.from_dict(json.loads(json.dumps(notebook)))


def main(arguments=None):
    """Command line entry; returns the exit code."""
    sys.path.insert(0, str(LIST))
    from chapters import chapter, chapters

    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--check", action="store_true", help="only tell, change nothing")
    parser.add_argument("chapters", nargs="*", type=chapter, metavar="CHAPTER", help="default: all")
    options = parser.parse_args(arguments)
    listed = options.chapters or chapters()
    results = [_process(each, check=options.check) for each in listed]
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
