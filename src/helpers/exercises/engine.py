"""How an answer is compared with the reference, and how the difference is put into words."""

from __future__ import annotations

import copy
import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from numbers import Real
from typing import Any

import numpy as np

from helpers.mathematics.validate import describe


@dataclass(frozen=True)
class Exercise:
    """One exercise.

    ``answer`` is the reference: a number, an array, a word, or a function, which is compared on
    ``inputs``, a list of argument tuples. ``slips`` maps a sentence about a typical mistake to the
    answer that the mistake gives. A lost sign and a lost factor 2 are recognized without being
    listed. ``rtol`` is relative to the largest entry of the reference.
    """

    name: str
    answer: Any
    inputs: tuple[tuple, ...] = ()
    slips: Mapping[str, Any] = field(default_factory=dict)
    rtol: float = 1e-6
    praise: str = ""

    def __post_init__(self):
        if callable(self.answer) and not self.inputs:
            raise ValueError(f"inputs of exercise {self.name} must not be empty for a function")


@dataclass(frozen=True)
class Verdict:
    """The judgement of an answer: truth value and sentence."""

    right: bool
    sentence: str

    def __bool__(self):
        return self.right

    def __repr__(self):
        return self.sentence


class _Unusable(Exception):
    """An answer that cannot be compared; the message is the sentence for the reader."""


def judge(exercise, answer):
    """The ``Verdict`` on ``answer``."""
    if answer is None or answer is ...:
        return Verdict(False, f"{exercise.name}: not answered yet.")
    try:
        if isinstance(exercise.answer, str):
            return _judge_word(exercise, answer)
        calls = _calls(exercise, answer)
        wanted = [_reference(exercise.answer, arguments) for arguments, _ in calls]
        given = [
            _usable(value(), want, _where(exercise, arguments))
            for (arguments, value), want in zip(calls, wanted, strict=True)
        ]
    except _Unusable as problem:
        return Verdict(False, f"{exercise.name}: {problem}")
    if _agree(given, wanted, exercise.rtol):
        return Verdict(True, f"{exercise.name}: right. {exercise.praise}".strip())
    hint = _slip(exercise, calls, given, wanted)
    where = next(
        i
        for i, pair in enumerate(zip(given, wanted, strict=True))
        if not _agree(*([p] for p in pair), exercise.rtol)
    )
    place = _where(exercise, calls[where][0])
    difference = _difference(given[where], wanted[where], exercise.rtol)
    return Verdict(False, f"{exercise.name}: not yet{place}: {difference}.{hint}")


def _judge_word(exercise, answer):
    if not isinstance(answer, str):
        raise _Unusable(f"the answer should be a word in quotes, got {describe(answer)}.")
    said = _word(answer)
    if not said:
        raise _Unusable("the answer should be a word in quotes, got none.")
    if said == _word(exercise.answer):
        return Verdict(True, f"{exercise.name}: right. {exercise.praise}".strip())
    for sentence, wrong in exercise.slips.items():
        if said == _word(wrong):
            return Verdict(False, f"{exercise.name}: not yet. {sentence}")
    return Verdict(False, f"{exercise.name}: not yet, {answer.strip()!r} is not it.")


def _word(text):
    """A word without capitals, quotes, a full stop, or white space around and doubled within it."""
    return " ".join(text.strip(" \t\r\n.,;:!?\"'`“”‘’").lower().split())


def _calls(exercise, answer):
    """Pairs (arguments, thunk giving the reader's value) for each comparison."""
    if not callable(exercise.answer):
        if callable(answer):
            raise _Unusable("the answer should be a value, got a function: call it first.")
        return [((), lambda: answer)]
    if not callable(answer):
        names = ", ".join(_parameters(exercise.answer))
        raise _Unusable(f"the answer should be a function of ({names}), got {describe(answer)}.")
    return [
        (arguments, lambda arguments=arguments: _run(exercise, answer, arguments))
        for arguments in exercise.inputs
    ]


def _run(exercise, answer, arguments):
    place = _where(exercise, arguments)
    try:
        with np.errstate(all="ignore"):
            return answer(*copy.deepcopy(arguments))
    # The reader's own code may stop in any way, sys.exit() included: each gets a sentence.
    except (Exception, SystemExit) as error:
        said = " ".join(str(error).split()) or "no message"
        raise _Unusable(
            f"your function stopped{place} with {type(error).__name__}: {said[:200]}."
        ) from error


def _reference(answer, arguments):
    value = answer(*copy.deepcopy(arguments)) if callable(answer) else answer
    return np.asarray(value, dtype=float)


def _usable(value, want, place):
    """The reader's value as a finite float array of the wanted shape."""
    if value is None:
        raise _Unusable(f"your function returns nothing{place}: is a return missing?")
    if value is ...:
        raise _Unusable("not answered yet.")
    wanted = "a number" if want.ndim == 0 else f"an array of shape {want.shape}"
    try:
        array = np.asarray(value)
        kind = array.dtype.kind
    except (TypeError, ValueError):
        kind = "O"
    if kind == "O":
        array, kind = _from_objects(value)
    if kind not in "biuf":
        raise _Unusable(f"the answer should be {wanted}{place}, got {describe(value)}.")
    array = array.astype(float)
    if array.shape != want.shape:
        got = "a single number" if array.ndim == 0 else f"shape {array.shape}"
        raise _Unusable(f"the answer should be {wanted}{place}, got {got}.")
    if not np.isfinite(array).all():
        bad = array[~np.isfinite(array)].flat[0]
        raise _Unusable(f"the answer is not finite{place}: it contains {bad}.")
    return array


def _from_objects(value):
    """An array of Python's own numbers, such as fractions, as floats; and its kind."""
    try:
        entries = np.asarray(value, dtype=object)
        if all(isinstance(entry, (Real, Decimal)) for entry in entries.flat):
            return entries.astype(float), "f"
    except (TypeError, ValueError, OverflowError):
        pass
    return None, "O"


def _agree(given, wanted, rtol):
    return all(
        np.max(np.abs(g - w), initial=0.0) <= rtol * max(1e-12, np.max(np.abs(w), initial=0.0))
        for g, w in zip(given, wanted, strict=True)
    )


def _slip(exercise, calls, given, wanted):
    typical = {
        "The sign is the wrong way round.": -1.0,
        "It is twice too large: a factor 2 too many.": 2.0,
        "It is half of what is wanted: a factor 2 is lost.": 0.5,
    }
    for sentence, wrong in exercise.slips.items():
        shapes = [_reference(wrong, arguments) for arguments, _ in calls]
        same = all(s.shape == g.shape for s, g in zip(shapes, given, strict=True))
        if same and _agree(given, shapes, exercise.rtol):
            return f" {sentence}"
    for sentence, factor in typical.items():
        if any(np.any(w) for w in wanted) and _agree(
            given, [factor * w for w in wanted], exercise.rtol
        ):
            return f" {sentence}"
    return ""


def _difference(given, wanted, rtol):
    if given.ndim == 0:
        return f"you have {given:.6g}, wanted is {wanted:.6g}"
    off = np.abs(given - wanted) > rtol * max(1e-12, np.max(np.abs(wanted)))
    first = tuple(int(i) for i in np.argwhere(off)[0])
    return (
        f"{int(off.sum())} of {off.size} entries differ; at index {first} you have "
        f"{given[first]:.6g}, wanted is {wanted[first]:.6g}"
    )


def _where(exercise, arguments):
    if not arguments:
        return ""
    names = _parameters(exercise.answer)
    pairs = zip(names, arguments, strict=False)
    return " at " + ", ".join(f"{name} = {_short(value)}" for name, value in pairs)


def _short(value):
    if isinstance(value, np.ndarray) and (value.size > 6 or value.ndim > 1):
        return f"an array of shape {value.shape}"
    if callable(value):
        return "a function"
    return np.array2string(value, precision=4) if isinstance(value, np.ndarray) else f"{value!r}"


def _parameters(function: Callable):
    return list(inspect.signature(function).parameters)
