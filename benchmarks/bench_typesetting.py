"""How soon a page's mathematics can be read, and how much the page then weighs.

    make bench        (or: .venv/bin/python benchmarks/bench_typesetting.py)

Opens each chapter from disk and reads the page's own clock when the text is there and when MathJax
has typeset the last formula. To compare with KaTeX run at build time, name a folder that holds the
npm package: ``KATEX=node_modules/katex .venv/bin/python benchmarks/bench_typesetting.py``; the same
formulas are then set by KaTeX before the page is opened (node is needed for that).
"""

import html
import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "book" / "_ext"))

from chapters import chapters
from playwright.sync_api import sync_playwright

from tests.conftest import SITE, find_chromium

RUNS = 5
MATHJAX_DONE = """() => MathJax.startup.promise
  .then(() => document.fonts.ready).then(() => performance.now())"""
PAGE_DONE = """() => document.fonts.ready.then(() =>
  new Promise((done) => requestAnimationFrame(() => done(performance.now()))))"""
FORMULA = re.compile(
    r'<(span|div) class="math notranslate nohighlight"([^>]*)>(.*?)</\1>', re.DOTALL
)
RENDER = """
const katex = require(process.argv[1]);
const formulas = JSON.parse(require("fs").readFileSync(0));
console.log(JSON.stringify(formulas.map(([tex, displayMode]) =>
  katex.renderToString(tex, {displayMode, throwOnError: false}))));
"""


def median_time(browser, url, script):
    """Median over some loads, in a new page each."""
    times = []
    for _ in range(RUNS):
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.goto(url, wait_until="load")
        times.append(page.evaluate(script))
        page.close()
    return float(np.median(times))


def prerendered(source, katex):
    """The page with every formula set by KaTeX and without MathJax, and the number of formulas."""
    text = source.read_text(encoding="utf-8")
    formulas = []

    def collect(match):
        tex = html.unescape(re.sub(r"<[^>]+>", "", match[3])).strip()
        display = match[1] == "div"
        tex = re.sub(r"^\\[\[(]|\\[\])]$", "", tex).strip()
        tex = re.sub(r"\\(?:begin|end)\{(?:split|equation)\}", "", tex)
        formulas.append((tex, display))
        return f"<{match[1]}{match[2]}>@@{len(formulas) - 1}@@</{match[1]}>"

    text = FORMULA.sub(collect, text)
    answer = subprocess.run(
        ["node", "-e", RENDER, str(katex.resolve())],
        input=json.dumps(formulas),
        capture_output=True,
        text=True,
        check=True,
    )
    rendered = json.loads(answer.stdout)
    text = re.sub(r"@@(\d+)@@", lambda m: rendered[int(m[1])], text)
    text = re.sub(r"<script[^>]*mathjax[^>]*></script>", "", text)
    style = (katex / "dist" / "katex.min.css").resolve().as_uri()
    return text.replace("</head>", f'<link rel="stylesheet" href="{style}"></head>'), len(formulas)


def main():
    """Print the times for each chapter."""
    katex = Path(os.environ["KATEX"]) if os.environ.get("KATEX") else None
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=find_chromium(),
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        for chapter in chapters():
            source = SITE / chapter.page
            time = median_time(browser, source.as_uri(), MATHJAX_DONE)
            line = f"{chapter.name:22} MathJax {time:.0f} ms"
            if katex:
                text, count = prerendered(source, katex)
                with tempfile.NamedTemporaryFile(
                    "w", suffix=".html", dir=source.parent, encoding="utf-8"
                ) as file:
                    file.write(text)
                    file.flush()
                    time = median_time(browser, Path(file.name).as_uri(), PAGE_DONE)
                line += f", KaTeX at build time {time:.0f} ms ({count} formulas)"
            print(line)
        browser.close()


if __name__ == "__main__":
    main()
