"""How long a reader with a slow line waits for text and for the first slider that answers.

    make bench        (or: .venv/bin/python benchmarks/bench_loading.py [--stock] [chapter ...])

Serves the site from this machine with gzip, as hosts do, and opens each chapter in Chromium twice:
at full speed, and on a line of 1.6 Mbit/s with 150 ms to the host and a processor four times
slower. Says when the first text is painted, when the first slider's figure has followed a press
of an arrow key, for how long scripts block in all (beyond 50 ms each), how far things shift, and
what came over the line. With ``--stock`` the same notebooks built by Jupyter Book as it comes are
opened beside it; their sliders never answer, so only text, blocking and weight are compared.
MathJax then comes from this machine as well, which flatters the stock build.
"""

import argparse
import contextlib
import functools
import gzip
import http.server
import shutil
import subprocess
import sys
import tempfile
import threading
from importlib.util import find_spec
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "book" / "_ext"))

from chapters import ROOT, chapters
from chapters import chapter as find_chapter
from playwright.sync_api import sync_playwright

from tests.conftest import SITE, find_chromium

RUNS = 3
LINE = {"offline": False, "latency": 150, "downloadThroughput": 2e5, "uploadThroughput": 1e5}
WATCH = """
window.seen = {text: null, blocked: 0, shift: 0};
new PerformanceObserver((list) => list.getEntries().forEach((e) => {
  if (e.name === "first-contentful-paint") seen.text = e.startTime;
})).observe({type: "paint", buffered: true});
new PerformanceObserver((list) => list.getEntries().forEach((e) => {
  seen.blocked += Math.max(0, e.duration - 50);
})).observe({type: "longtask", buffered: true});
new PerformanceObserver((list) => list.getEntries().forEach((e) => {
  if (!e.hadRecentInput) seen.shift += e.value;
})).observe({type: "layout-shift", buffered: true});
"""
# From its first appearance on, press the first slider until its figure's sentence changes.
ANSWER = """() => new Promise((done) => {
  const press = () => {
    const slider = document.querySelector('figure.cml input[type="range"]');
    const reading = slider && slider.closest("figure").querySelector(".cml-reading");
    if (!reading) return requestAnimationFrame(press);
    const before = reading.textContent;
    const steps = Number(slider.max) - Number(slider.min);
    slider.value = String(Number(slider.min) + (Number(slider.value) + steps / 2) % steps);
    slider.dispatchEvent(new Event("input", {bubbles: true}));
    requestAnimationFrame(() => requestAnimationFrame(() => {
      if (reading.textContent === before) press(); else done(performance.now());
    }));
  };
  press();
})"""


class Host(http.server.SimpleHTTPRequestHandler):
    """A host that sends text gzipped, and counts what it sends."""

    sent = 0

    def do_GET(self):
        path = Path(self.translate_path(self.path))
        if not path.is_file():
            return self.send_error(404)
        content = path.read_bytes()
        self.send_response(200)
        self.send_header("Content-Type", self.guess_type(str(path)))
        if path.suffix in (".html", ".css", ".js", ".svg"):
            content = gzip.compress(content, 6)
            self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)
        Host.sent += len(content)

    def log_message(self, *args):
        pass


@contextlib.contextmanager
def hosted(folder):
    """Address of a folder, served."""
    handler = functools.partial(Host, directory=folder)
    with http.server.ThreadingHTTPServer(("localhost", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://localhost:{server.server_port}/"
        server.shutdown()


def stock_build(folder):
    """The same notebooks, built by Jupyter Book as it comes, with their stored outputs."""
    for name in ("_toc.yml", "notebooks", "book"):
        source = ROOT / name
        copy = shutil.copytree if source.is_dir() else shutil.copyfile
        copy(source, folder / name)
    package = Path(find_spec("mathjax").submodule_search_locations[0], "static", "mathjax", "es5")
    shutil.copytree(package, folder / "static" / "es5")
    (folder / "_config.yml").write_text(
        "title: Stock\nonly_build_toc_files: true\nexecute: {execute_notebooks: 'off'}\n"
        "parse: {myst_enable_extensions: [colon_fence, deflist, dollarmath, linkify]}\n"
        "bibtex_bibfiles: [book/references.bib]\n"
        "sphinx: {config: {html_static_path: [static], mathjax_path: es5/tex-mml-chtml.js}}\n",
        encoding="utf-8",
    )
    tool = Path(sys.executable).with_name("jupyter-book")
    subprocess.run([tool, "build", folder, "--quiet"], check=True, capture_output=True)
    return folder / "_build" / "html"


def look(browser, address, slow, answers):
    """What a reader sees of one load: text, slider, blocking in ms, shift, kilobytes."""
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.add_init_script(WATCH)
    page.set_default_timeout(120_000)
    page.route(lambda url: not url.startswith(address[:17]), lambda route: route.abort())
    if slow:
        client = page.context.new_cdp_session(page)
        client.send("Network.enable")
        client.send("Network.emulateNetworkConditions", LINE)
        client.send("Emulation.setCPUThrottlingRate", {"rate": 4})
    before = Host.sent
    page.goto(address, wait_until="commit")
    answered = page.evaluate(ANSWER) if answers else np.nan
    page.wait_for_load_state("load")
    page.wait_for_timeout(1500)
    seen = page.evaluate("window.seen")
    page.close()
    return (seen["text"], answered, seen["blocked"], seen["shift"], (Host.sent - before) / 1000)


def report(browser, label, address, slow, answers):
    """Print the median over some loads."""
    runs = [look(browser, address, slow, answers) for _ in range(RUNS)]
    text, answer, blocked, shift, weight = np.median(runs, axis=0)
    slider = f"first slider {answer / 1000:.2f} s, " if answers else ""
    print(
        f"  {label:26} first text {text / 1000:.2f} s, {slider}blocked {blocked / 1000:.2f} s, "
        f"shift {shift:.3f}, {weight:.0f} KB",
        flush=True,
    )


def main():
    """Print a line for each chapter, speed and build."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("chapters", nargs="*", type=find_chapter)
    parser.add_argument("--stock", action="store_true", help="build and open the stock book too")
    wanted = parser.parse_args()
    with (
        sync_playwright() as playwright,
        tempfile.TemporaryDirectory() as folder,
        hosted(SITE) as ours,
    ):
        browser = playwright.chromium.launch(
            executable_path=find_chromium(),
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        stock = stock_build(Path(folder)) if wanted.stock else None
        for chapter in wanted.chapters or chapters():
            print(chapter.name)
            for slow in (False, True):
                speed = "slow" if slow else "fast"
                report(browser, speed, ours + chapter.page, slow, answers=True)
                if stock:
                    with hosted(stock) as theirs:
                        report(browser, f"{speed}, stock", theirs + chapter.page, slow, False)
        browser.close()


if __name__ == "__main__":
    main()
