"""Every claim is quoted from its chapter and computed, and every sentence that owes one has it."""

from tests.conftest import ROOT, executed
from tests.prose import owed
from tests.truth import asserts, claims_of, words


def place(chapter):
    return (chapter.tests / "claims.py").relative_to(ROOT)


def test_the_claim_is_quoted_from_the_page(chapter, claim):
    page = words("\n".join(chapter.texts))
    assert claim.quotes, f"{place(chapter)}: {claim.name} quotes nothing"
    for quote in claim.quotes:
        assert len(words(quote)) >= 12, f"{place(chapter)}: {quote!r} is too short to be found"
        assert words(quote) in page, f"{place(chapter)}: {chapter} does not say {quote!r}"


def test_the_claim_is_so(chapter, claim):
    assert asserts(claim.function), (
        f"{place(chapter)}: {claim.name} asserts nothing of {claim.quotes[0]!r}"
    )
    claim.run(lambda: executed(chapter).names)


def test_every_sentence_that_owes_a_claim_has_one(chapter):
    quotes = [quote for claim in claims_of(chapter) for quote in claim.quotes]
    missing = owed(chapter, quotes)
    assert not missing, (
        f"{place(chapter)}: {len(missing)} sentences of {chapter} are not computed:\n"
        + "\n".join(f"  cell {s.cell} ({s.reason}): {s.text}" for s in missing)
    )
