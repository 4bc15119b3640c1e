"""How long a move takes with a kernel: the callback of each explorable, widget to drawing.

    make bench        (or: .venv/bin/python benchmarks/bench_redraw.py)

Every value of every control of every notebook is set once on the real widget; what is timed is the
synchronous callback, which computes, draws, writes the SVG and hands it to the view.
"""

import sys
from pathlib import Path
from time import perf_counter

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "book" / "_ext"))

from chapters import chapters

from tests.conftest import explorables


def redraw_times(figure):
    """Seconds for each value of each control, the others as they are."""
    times = []
    for control in figure.controls:
        for value in (*control.values[1:], *control.values[:1]):
            started = perf_counter()
            control.widget.value = value
            times.append(perf_counter() - started)
    return times


def main():
    """Print median and 95th percentile for each figure."""
    worst = 0.0
    for chapter in chapters():
        for figure in explorables(chapter):
            if figure.controls:
                times = 1000 * np.array(redraw_times(figure))
                median, p95 = np.percentile(times, [50, 95])
                worst = max(worst, median)
                name = f"{chapter.name} {figure.identifier}"
                print(f"{name:60} median {median:5.1f} ms, p95 {p95:5.1f} ms")
    print(f"slowest median: {worst:.1f} ms")


if __name__ == "__main__":
    main()
