"""What a chapter's text says that has to be computed: its *See*, corrections and numbers.

The text is taken apart into sentences. A sentence owes a claim where it stands behind **See:**, in
a correction of a common claim, or holds a number that no cell of the notebook prints.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import cache

from tests.truth import words

_SUPERSCRIPTS = str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789")
_POWER = r"(?:\s?[×x·]\s?10(?P<power>[⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+))?"
_NUMBER = re.compile(
    r"(?<![\w.])(?P<digits>\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?)(?:e(?P<e>[+-]?\d+))?"
    + _POWER
)
#: Amounts in words: "half of them", "twice as fast", "ten times the steps", "a third".
_AMOUNT = re.compile(
    r"\b(?:half|twice|thrice|doubl\w+|tripl\w+|tenfold|quarters?|two thirds|(?:a|one) third"
    r"|(?:a|one) tenth|hundreds?|thousands?|millions?|dozens?|(?:three|four|five|six|seven|eight"
    r"|nine|ten|twenty|fifty) times|(?:four|five|six|seven|eight|nine|ten|eleven|twelve|twenty"
    r"|thirty|fifty) of)\b",
    re.IGNORECASE,
)
_DISPLAY = re.compile(r"\$\$.*?\$\$(?:[ \t]*\([^)\s]+\))?", re.DOTALL)
_MATH = re.compile(r"\$([^$]+)\$")
#: The value that a formula ends in: "$\kappa = 542$".
_VALUE = re.compile(
    r"(?:=|\\approx|\\le|\\ge|<|>|\\sim|^)\s*-?([\d.,{}]+(?:\s*\\cdot\s*10\^\{?-?\d+\}?)?)\s*$"
)
_QUIET = (
    re.compile(r"`[^`]*`"),
    re.compile(r"\{[a-z:]+\}"),
    re.compile(r"\[[^\]]*\]\([^)]*\)"),
    re.compile(r"https?://\S+"),
    re.compile(r"\b(?:chapter|chapters|section|sec\.|ch\.|exercise|question|step|figure|cell)s?"
               r" \d+(?:\.\d+)*(?: and \d+(?:\.\d+)*)?", re.IGNORECASE),
    re.compile(r"\(?\b(?:1[89]|20)\d\d\b\)?"),
    re.compile(r"^\s*\d+\.\s", re.MULTILINE),
    re.compile(r"\b[A-Za-z]\w*-\d+\b"),
)  # fmt: skip
#: Numbers that are words rather than results: "the 2 ends", "3 forms".
_FEW = {0.0, 1.0, 2.0, 3.0}
#: What stands there is given, and judged by the exercises themselves, or is a list of works.
_SECTIONS_OF_GIVENS = ("Exercises", "Sources")


@dataclass(frozen=True)
class Sentence:
    """A sentence of a chapter, why it owes a claim ("" if it does not), and where it stands."""

    text: str
    reason: str
    cell: int


def sentences(chapter):
    """The sentences of a chapter's Markdown cells, each with the reason why it owes a claim."""
    printed, found, heading = printed_numbers(chapter), [], ""
    for number, (kind, source) in enumerate(chapter.cells):
        if kind != "markdown":
            continue
        for block in _blocks(source):
            if block.startswith("#"):
                heading = block.lstrip("#").strip()
                continue
            if heading.startswith(_SECTIONS_OF_GIVENS):
                continue
            for text, reason in _with_reasons(block):
                found.append(Sentence(text, reason or _unprinted(text, printed), number))
    return found


def owed(chapter, quotes):
    """The sentences that owe a claim and of which no word is quoted by one."""
    quoted = [words(q) for q in quotes]
    return [
        s
        for s in sentences(chapter)
        if s.reason and not any(q in s.text or s.text in q for q in quoted)
    ]


def _blocks(source):
    """Headings, paragraphs and list items, with displayed formulas and fences taken out."""
    text = _DISPLAY.sub(" ", source)
    text = re.sub(r"^:class:.*$", "", text, flags=re.MULTILINE)
    blocks, fenced = [], False
    for block in re.split(r"\n\s*\n|\n(?=\s*(?:[-*]|\d+\.) )|\n(?=```)|(?<=```)\n|(?<=\})\n", text):
        for line in block.split("\n"):
            if re.match(r"\s*```", line):
                opened = re.match(r"\s*```+\{admonition\}\s*(.*)", line)
                fenced = not fenced if not opened and line.strip() != "```" else fenced
                blocks.append(f"{_CORRECTED}{line}" if opened else "")
            else:
                blocks.append(line)
        blocks.append("")
    return _joined(blocks)


_CORRECTED = "\0"


def _joined(lines):
    """Paragraphs from lines; those inside an admonition carry its title before them."""
    found, current, title = [], [], ""

    def flush():
        text = words(" ".join(current))
        if text:
            found.append(f"{_CORRECTED}{text}" if title and "correct" in title.lower() else text)
        current.clear()

    for line in lines:
        if line.startswith(_CORRECTED):
            flush()
            title = line.partition("}")[2]
        elif line.strip() == "":
            flush()
        else:
            current.append(line)
    flush()
    return found


def _with_reasons(block):
    """Whole pieces that owe a claim for what they are, then their sentences for their numbers."""
    corrected = block.startswith(_CORRECTED)
    for piece in re.split(r"(?=\*\*(?:Try|See):\*\*)", block.lstrip(_CORRECTED)):
        if piece.startswith("**Try:**"):
            continue
        text = words(piece.removeprefix("**See:**"))
        if piece.startswith("**See:**"):
            yield text, "what the reader should see"
        elif corrected and text:
            yield text, "a corrected claim"
        for sentence in _split(text):
            yield sentence, ""


def _split(text):
    return [s for s in re.split(r"(?<=[.!?:])[*”\"]*\s+(?=[A-Z*“\"$\d(])", words(text)) if s]


def _unprinted(sentence, printed):
    if sentence.endswith("?") or sentence.endswith("?*"):
        return ""
    text = sentence
    for quiet in _QUIET:
        text = quiet.sub(" ", text)
    values = []
    for formula in _MATH.findall(text):
        value = _VALUE.search(formula)
        if value:
            values.append(_of_latex(value[1]))
    text = _MATH.sub(" ", text)
    values += [m[0] for m in _NUMBER.finditer(text)]
    for value in values:
        found = _NUMBER.match(value.strip())
        if found and not _known(found, text, printed):
            return f"the number {value.strip()}, which no cell prints"
    amount = _AMOUNT.search(text)
    return f"the amount “{amount[0]}”" if amount else ""


def _of_latex(text):
    text = text.replace("{,}", ",").replace("{", "").replace("}", "")
    power = re.search(r"\\cdot\s*10\^(-?\d+)", text)
    text = re.sub(r"\s*\\cdot.*", "", text)
    return f"{text}e{power[1]}" if power else text


def _value(match):
    digits = match["digits"].replace(",", "")
    power = int((match["power"] or "0").translate(_SUPERSCRIPTS)) + int(match["e"] or 0)
    decimals = len(digits.partition(".")[2])
    return float(digits) * 10.0**power, 0.5 * 10.0 ** (power - decimals)


def _known(match, text, printed):
    value, half_a_digit = _value(match)
    behind = text[match.end() : match.end() + 8].lstrip() if match.string is text else ""
    if value in _FEW and not behind.startswith(("%", "×", "times")):
        return True
    return any(
        abs(abs(p) - v) <= half_a_digit * (1 + 1e-9) * s
        for p in printed
        for v, s in ((value, 1), (value / 100, 0.01))
    )


@cache
def printed_numbers(chapter):
    """All numbers that the notebook's stored outputs hold."""
    notebook = json.loads(chapter.notebook.read_text(encoding="utf-8"))
    outputs = [o for c in notebook["cells"] for o in c.get("outputs", [])]
    texts = ["".join(o.get("text", o.get("data", {}).get("text/plain", ""))) for o in outputs]
    return tuple(sorted({_value(m)[0] for t in texts for m in _NUMBER.finditer(t)}))
