"""The Gettysburg Address, its tokens, and vectors for the tokens of one of its phrases.

The text is A. Lincoln's of 1863, the Bliss copy with its dashes written as commas; public domain.
"""

from __future__ import annotations

import re
from functools import cache

import numpy as np

from helpers.mathematics.token_vectors import content_vectors, position_vectors
from helpers.mathematics.validate import describe

ADDRESS = """
Four score and seven years ago our fathers brought forth on this continent, a new nation,
conceived in Liberty, and dedicated to the proposition that all men are created equal.

Now we are engaged in a great civil war, testing whether that nation, or any nation so conceived
and so dedicated, can long endure. We are met on a great battle-field of that war. We have come to
dedicate a portion of that field, as a final resting place for those who here gave their lives
that that nation might live. It is altogether fitting and proper that we should do this.

But, in a larger sense, we can not dedicate, we can not consecrate, we can not hallow, this
ground. The brave men, living and dead, who struggled here, have consecrated it, far above our
poor power to add or detract. The world will little note, nor long remember what we say here, but
it can never forget what they did here. It is for us the living, rather, to be dedicated here to
the unfinished work which they who fought here have thus far so nobly advanced. It is rather for
us to be here dedicated to the great task remaining before us, that from these honored dead we
take increased devotion to that cause for which they gave the last full measure of devotion, that
we here highly resolve that these dead shall not have died in vain, that this nation, under God,
shall have a new birth of freedom, and that government of the people, by the people, for the
people, shall not perish from the earth.
"""

#: The part of the last sentence that the chapter looks at.
PHRASE = "government of the people, by the people, for the people"


def tokenize(text):
    """Lower-case tokens of ``text``: words (with inner hyphens) and punctuation signs.

    Real models use pieces of words, found by counting; here a token happens to be a word or a sign.
    ``ValueError`` when ``text`` is not a string or has no token.
    """
    if not isinstance(text, str):
        raise ValueError(f"text must be a string, got {describe(text)}")
    tokens = re.findall(r"[a-z]+(?:-[a-z]+)*|[^\w\s]", text.lower())
    if not tokens:
        raise ValueError(f"text must have at least one word or sign, got {text!r}")
    return tokens


@cache
def phrase():
    """The tokens of ``PHRASE`` and their inputs X ``(n, 20)``: 12 of content, then 8 of position.

    Do not change the returned array: it is computed once.
    """
    tokens = tokenize(PHRASE)
    content = content_vectors(tokens, tokenize(ADDRESS))
    X = np.concatenate([content, position_vectors(len(tokens))], axis=1)
    X.flags.writeable = False
    return tuple(tokens), X
