"""Exercises as forms on a page without a kernel: what a field may hold, and what the page needs.

``judge_fields`` is what the page's script does, in Python: the tests hold the two against each
other word for word.
"""

from __future__ import annotations

import re

import numpy as np

from helpers.exercises.engine import Verdict, judge

#: A vector with more entries than this is asked for in the notebook.
MOST_FIELDS = 6
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?", re.IGNORECASE)
_COMMA = re.compile(r"[+-]?\d+,\d+")


def kind(exercise):
    """ "number", "vector" or "word", or "code" for what only a notebook can judge."""
    if isinstance(exercise.answer, str):
        return "word"
    if callable(exercise.answer):
        return "code"
    size = np.shape(exercise.answer)
    if size == ():
        return "number"
    return "vector" if len(size) == 1 and size[0] <= MOST_FIELDS else "code"


def choices(exercise):
    """The words to choose from, in an order that tells nothing."""
    return sorted({exercise.answer, *exercise.slips.values()}, key=str.lower)


def payload(exercise):
    """What the page needs to judge an exercise; ``None`` for one that asks for code."""
    form = kind(exercise)
    if form == "code":
        return None
    plain = (lambda v: v) if form == "word" else (lambda v: np.asarray(v, dtype=float).tolist())
    return {
        "name": exercise.name,
        "kind": form,
        "answer": plain(exercise.answer),
        "slips": [[sentence, plain(wrong)] for sentence, wrong in exercise.slips.items()],
        "rtol": exercise.rtol,
        "praise": exercise.praise,
    }


def judge_fields(exercise, fields):
    """The ``Verdict`` on what stands in the fields of an exercise's form, a list of texts."""
    if not any(text.strip() for text in fields):
        return judge(exercise, None)
    if kind(exercise) == "word":
        return judge(exercise, fields[0])
    values = []
    for place, text in enumerate(fields, start=1):
        value, problem = parse(text)
        if problem:
            where = f" in field {place}" if len(fields) > 1 else ""
            return Verdict(False, f"{exercise.name}: {problem}{where}.")
        values.append(value)
    return judge(exercise, values if kind(exercise) == "vector" else values[0])


def parse(text):
    """A number from a text such as "0.75", "3/4", "−7.5e-1": (value, "") or (None, a sentence)."""
    shown = " ".join(text.split())
    plain = shown.replace("−", "-").replace(" ", "")
    short = shown if len(shown) <= 40 else f"{shown[:37]}..."
    if not plain:
        return None, "a number is missing"
    if _COMMA.fullmatch(plain):
        return None, f"write the decimal mark as a point, not as in '{short}'"
    above, slash, below = plain.partition("/")
    if not _NUMBER.fullmatch(above) or (slash and not _NUMBER.fullmatch(below)):
        return None, f"the answer should be a number such as 0.75, 3/4 or 7.5e-1, got '{short}'"
    if slash and float(below) == 0:
        return None, f"nothing can be divided by 0, as in '{short}'"
    value = float(above) / float(below) if slash else float(above)
    if not np.isfinite(value):
        return None, f"the number '{short}' is too large"
    return value, ""
