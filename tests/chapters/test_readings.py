"""Every reading, in every state of every figure, is a sentence, and its regimes are computed."""

import re

from tests.chapters.test_figures import moving, payloads
from tests.conftest import ROOT
from tests.truth import regimes_of

#: What no sentence should hold.
_WRONG = re.compile(
    r"\bnan\b|\binf(?:inity)?\b|\bNone\b|\bTrue\b|\bFalse\b|\$|  "
    r"|×10⁻(?:1[5-9]|[2-9]\d)|\de-\d"
    r"|(?<![\d.,])1 (?:steps|epochs|ratings|films|updates|runs|times|keys|tokens|rows|degrees"
    r"|points|terms|passes|users|examples|evaluations|pairs|entries|tries|values|others)\b"
    r"|(?<![\d.])[-−]0(?:\.0*)?(?![\d.])|\+0(?:\.0*)?(?![\d.])",
    re.IGNORECASE,
)
#: Words with which a reading says in which of several ways a state behaves.
_REGIME = re.compile(
    r"diverge\w*|converge\w*|settle\w*|oscillat\w*|swings?|jumps?|overshoot\w*|held up|stuck"
    r"|valley|steep direction|flat direction|plateau|saddle|floor|truncation|rounding|useless"
    r"|saturat\w*|one-hot|uniform|recovered|overfit\w*|dominat\w*|vanish\w*|explod\w*|balance\w*"
    r"|too (?:large|small|long|short)|no better|guessing|rules|in between|pulls?|pushes",
    re.IGNORECASE,
)


def readings(site, chapter):
    """Each figure's readings in all of its states, with the values of its controls."""
    for figure in moving(chapter):
        payload = payloads(site, chapter)[figure.identifier]
        yield figure, list(zip(figure.states(), payload["readings"], strict=True))


def test_no_state_says_what_no_sentence_should(site, chapter):
    for figure, states in readings(site, chapter):
        for values, said in states:
            shown = {text for c in figure.controls for text in c.texts}
            rest = said
            for text in sorted(shown, key=len, reverse=True):
                rest = rest.replace(f"= {text}", "=")
            wrong = _WRONG.search(rest)
            assert wrong is None, f"{figure.identifier} at {values}: {wrong[0]!r} in {said!r}"
            assert said.rstrip().endswith((".", "!", "?")), (
                f"{figure.identifier} at {values}: {said}"
            )


def test_every_regime_that_a_reading_names_is_computed(site, chapter):
    place = (chapter.tests / "claims.py").relative_to(ROOT)
    known, used = regimes_of(chapter), set()
    for figure, states in readings(site, chapter):
        for values, said in states:
            rest = said
            for word in sorted(known, key=len, reverse=True):
                if word in rest:
                    used.add(word)
                    rest = rest.replace(word, " ")
            named = _REGIME.search(rest)
            assert named is None, (
                f"{place}: no @regime says where {named[0]!r} begins, in {figure.identifier} at "
                f"{values}: {said!r}"
            )
    assert set(known) == used, f"{place}: no reading says {sorted(set(known) - used)[0]!r}"
    for function in set(known.values()):
        function()
