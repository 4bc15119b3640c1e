"""On the page an exercise gets the verdict, and the words, that it gets in a notebook."""

import functools
import http.server
import re
import threading

import numpy as np
import pytest
from playwright.sync_api import expect

from helpers.exercises import exercises
from helpers.exercises.forms import choices, judge_fields, kind
from tests.conftest import find_chapter
from tests.site.pages import opened

KEY = "calculus-for-ml-exercise/"  # of exercises.js
OLD = '{"fields":["1"],"right":true}'
WRONG = ("abc", "1/0", "9" * 400, "0,75", "", "  ", "<b>x</b>", "1e-300", "-0", "nan", "12345678.9")
# Halfway between two numbers of six digits, which is how many a verdict shows.
WRONG += ("0.0009765625", "0.0048828125", "-1000000.5", "2000005")

# Fills the fields of a form, sends it, and returns what it says; for each list of fields in turn.
ANSWER_ALL = """async ([name, tries]) => {
  const form = document.getElementById(`form-${name}`);
  const radios = [...form.querySelectorAll('input[type="radio"]')];
  const texts = [...form.querySelectorAll('input[type="text"]')];
  const verdict = form.querySelector(".cml-verdict");
  const answer = async (fields) => {
    radios.forEach((r) => { r.checked = r.value === fields[0]; });
    texts.forEach((input, i) => { input.value = fields[i]; });
    verdict.textContent = "";
    form.requestSubmit();
    for (let i = 0; i < 1000 && !verdict.textContent; i++)
      await new Promise((done) => setTimeout(done, 1));
    return [verdict.textContent, form.dataset.right === "true"];
  };
  const said = [];
  for (const fields of tries) said.push(await answer(fields));
  return said;
}"""


def answered(page, exercise, fields):
    """What the page says to one answer, and whether it is right."""
    return page.page.evaluate(ANSWER_ALL, [exercise.name, [fields]])[0]


def asked(chapter):
    return [e for e in exercises(chapter.name).values() if kind(e) != "code"]


def answers(exercise, rng):
    """Fields to try: the reference in several forms, every slip, near misses and nonsense."""
    if kind(exercise) == "word":
        return [[word] for word in (*choices(exercise), "")]
    right = np.atleast_1d(np.asarray(exercise.answer, dtype=float))
    tried = [right, -right, 2 * right, right / 2, 1.37 * right + 1e-3]
    tried += [right * (1 + s * exercise.rtol) for s in (0.9, -0.9, 1.1, -1.1)]
    tried += [np.atleast_1d(np.asarray(w, dtype=float)) for w in exercise.slips.values()]
    tried += [right + rng.normal(size=right.shape) * 10.0**k for k in range(-6, 9, 2)]
    fields = [[repr(float(v)) for v in values] for values in tried if values.shape == right.shape]
    fields += [[f"{v * 8!r}/8" for v in right.tolist()], [f" {v:+.17E} " for v in right]]
    return fields + [[text] * len(right) for text in WRONG]


def test_page_and_notebook_judge_alike(chapter, browser, site, rng):
    with opened(browser, chapter.page) as page:
        for exercise in asked(chapter):
            tries = answers(exercise, rng)
            said = page.page.evaluate(ANSWER_ALL, [exercise.name, tries])
            for fields, page_said in zip(tries, said, strict=True):
                verdict = judge_fields(exercise, fields)
                assert page_said == [verdict.sentence, verdict.right], fields
        assert page.complaints == []
        assert page.foreign == []


def test_every_exercise_stands_on_the_page_as_a_form_or_says_where_to_run_it(chapter, site):
    html = (site / chapter.page).read_text(encoding="utf-8")
    for exercise in exercises(chapter.name).values():
        tag = "p" if kind(exercise) == "code" else "form"
        assert html.count(f'<{tag} class="cml-{"code" if tag == "p" else "form"}" '
                          f'id="form-{exercise.name}"') == 1  # fmt: skip


def test_chapter_and_landing_page_know_what_there_is_to_answer(chapter, site):
    """Of both the script says how many are right: of all that the chapter asks."""
    for name in (chapter.page, "book/index.html"):
        page = (site / name).read_text(encoding="utf-8")
        listed = [set(names.split()) for names in re.findall(r'data-exercises="([^"]*)"', page)]
        assert set(exercises(chapter.name)) in listed, name


@pytest.fixture(scope="module")
def served(site):
    """Address of the site on a host.

    Over it what a page keeps is there when it is loaded again. Chromium shows one in ten pages
    that are loaded from a disk an empty storage, also where a test wrote nothing but one key.
    """
    handler = functools.partial(Silent, directory=site)
    with http.server.ThreadingHTTPServer(("localhost", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://localhost:{server.server_port}/"
        server.shutdown()


class Silent(http.server.SimpleHTTPRequestHandler):
    """A server that does not report each request."""

    def log_message(self, *args):
        pass


def test_answers_are_kept_shown_in_every_tab_and_forgotten(browser, served):
    chapter = find_chapter("derivatives")
    exercise = asked(chapter)[0]
    right = (
        [exercise.answer]
        if kind(exercise) == "word"
        else [repr(float(v)) for v in np.atleast_1d(exercise.answer)]
    )
    one_right = f"1 of {len(exercises(chapter.name))} exercises right"
    with opened(browser, chapter.page, root=served) as page:
        contents = page.page.context.new_page()
        contents.goto(served)
        there = contents.locator(f'.cml-progress[data-exercises^="{chapter.name}-"]')
        here = page.page.locator(".cml-progress").first
        verdict = page.page.locator(f"#form-{exercise.name} .cml-verdict")
        said, _ = answered(page, exercise, right)
        expect(here).to_have_text(one_right)
        expect(there).to_have_text(one_right)
        page.page.reload()
        expect(verdict).to_have_text(said)
        page.page.locator(".cml-forget").first.click()
        for place in (verdict, here, there):
            expect(place).to_have_text("")
        page.page.reload()
        expect(here).to_have_text("")


def test_an_answer_takes_the_place_of_no_other(browser, site):
    """Not even when the page saw none of them when it was opened."""
    chapter = find_chapter("derivatives")
    one, other = asked(chapter)[:2]
    with opened(browser, chapter.page) as page:
        page.page.evaluate("store => localStorage.setItem(...store)", [KEY + one.name, OLD])
        answered(page, other, ["x"] * 6)
        kept = page.page.evaluate("name => localStorage.getItem(name)", KEY + one.name)
        assert kept == OLD


#: What another script, or an older version of this one, may have left.
LEFT_OVER = ("null", "3", "[1]", "{", '{"fields": 3}', '{"fields": [[]]}')
REFUSED = "Object.defineProperty(window, 'localStorage', {get() { throw new Error('no'); }});"


def scripts(exercise):
    for left in LEFT_OVER:
        yield f"localStorage.setItem({KEY + exercise.name!r}, {left!r});"
    yield REFUSED


def test_a_form_works_whatever_the_storage_holds_and_where_it_is_refused(browser, site):
    chapter = find_chapter("derivatives")
    exercise = next(e for e in asked(chapter) if kind(e) != "word")
    for script in scripts(exercise):
        with opened(browser, chapter.page, before=script) as page:
            said, right = answered(page, exercise, ["x"] * 6)
            assert said.startswith(f"{exercise.name}: the answer should be a number"), script
            assert not right
            ours = [c for c in page.complaints if "exercises.js" in c]
            assert ours == [], script
