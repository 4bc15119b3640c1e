"""Formulas are typeset when the book is built, as MathML, which browsers and screen readers read.

The TeX is read by MathJax, which runs here, in QuickJS, and not on the reader's page. What MathML
leaves to the page in browsers of today (the alphabet of a letter, the alignment of a column) is
put into the elements themselves.
"""

import json
import unicodedata
from functools import cache
from html import escape
from importlib.util import find_spec
from pathlib import Path
from xml.etree import ElementTree

import quickjs
from docutils import nodes
from sphinx.errors import ExtensionError
from sphinx.util.math import get_node_equation_number

#: MathJax's parts that are needed to turn TeX into MathML, in the order in which they load.
PARTS = ("startup.js", "core.js", "adaptors/liteDOM.js", "input/tex-full.js")
BEFORE = """
var global = globalThis, console = {log() {}, warn() {}, error() {}};
MathJax = {loader: {load: []}, startup: {typeset: false}};
"""
# JSON, since QuickJS for Python cannot hand over a text that is still in pieces.
AFTER = """
const {mathjax, adaptors, handlers, input, core} = MathJax._;
handlers.html_ts.RegisterHTMLHandler(adaptors.liteAdaptor.liteAdaptor());
const tex = new input.tex_ts.TeX({
  packages: ["base", "ams", "boldsymbol", "textmacros", "newcommand"],
  formatError(jax, error) { throw new Error(error.message); },
});
const page = mathjax.mathjax.document("", {InputJax: tex});
const visitor = new core.MmlTree.SerializedMmlVisitor.SerializedMmlVisitor();
const end = core.MathItem.STATE.CONVERT;
function toMathML(text, display) {
  try {
    return JSON.stringify([visitor.visitTree(page.convert(text, {display, end})), ""]);
  } catch (error) {
    return JSON.stringify(["", error.message]);
  }
}
"""
#: Names of Unicode's mathematical alphabets by MathML's ``mathvariant``.
ALPHABETS = {
    "bold": "BOLD",
    "italic": "ITALIC",
    "bold-italic": "BOLD ITALIC",
    "script": "SCRIPT",
    "-tex-calligraphic": "SCRIPT",
    "double-struck": "DOUBLE-STRUCK",
    "fraktur": "FRAKTUR",
    "sans-serif": "SANS-SERIF",
    "monospace": "MONOSPACE",
}
#: Where MathJax says what kind of symbol TeX takes an element for.
CLASS = "data-mjx-texclass"
THIN = "0.167em"
#: Space before and after a symbol, by its kind; of others the browser knows it.
SPACES = {
    "ORD": ("0", "0"),
    "OPEN": ("0", "0"),
    "CLOSE": ("0", "0"),
    "REL": ("0.278em", "0.278em"),
    "BIN": ("0.222em", "0.222em"),
}
SCRIPTS = {"msub", "msup", "msubsup", "munder", "mover", "munderover"}
ROWS = {"math", "mrow", "mtd", "mstyle", "msqrt"}
PRIMES = {"′", "″", "‴"}
APPLIED = "\u2061"
SIGNS = {"−", "+", "±", "∓"}
CLOSING = {")", "]", "}", "⟩", "!", "′", "∥", "‖", "|", "∞"}
#: Letters that have had a place of their own since before there were those alphabets.
OLD = {
    "SCRIPT": dict(zip("BEFHILMRego", "ℬℰℱℋℐℒℳℛℯℊℴ", strict=True)),
    "DOUBLE-STRUCK": dict(zip("CHNPQRZ", "ℂℍℕℙℚℝℤ", strict=True)),
    "FRAKTUR": dict(zip("CHIRZ", "ℭℌℑℜℨ", strict=True)),
    "ITALIC": {"h": "ℎ"},
}


def add_renderer(app):
    """Let Sphinx typeset formulas with this module."""
    app.add_html_math_renderer("mathml", (visit_formula, None), (visit_display, None))


def visit_formula(writer, node):
    """A formula within a line."""
    writer.body.append(writer.starttag(node, "span", "", CLASS="math notranslate nohighlight"))
    writer.body.append(f"{_mathml_of(node, display=False)}</span>")
    raise nodes.SkipNode


def visit_display(writer, node):
    """A formula on lines of its own, with its number and a link to it where it is labelled."""
    writer.body.append(writer.starttag(node, "div", CLASS="math notranslate nohighlight"))
    if node["number"]:
        number = get_node_equation_number(writer, node)
        writer.body.append(f'<span class="eqno">({number})')
        writer.add_permalink_ref(node, "Link to this equation")
        writer.body.append("</span>")
    writer.body.append(f"{_mathml_of(node, display=True)}</div>\n")
    raise nodes.SkipNode


def _mathml_of(node, display):
    try:
        return mathml(node.astext(), display)
    except ValueError as error:
        raise ExtensionError(f"{node.source}, line {node.line}: {error}") from error


@cache
def mathml(tex, display=False):
    """The ``<math>`` element of a formula in TeX. ``ValueError`` with MathJax's words on a slip."""
    text, complaint = json.loads(_reader()(tex, display))
    if complaint:
        raise ValueError(f"the formula '{tex.strip()}' cannot be typeset: {complaint}")
    return for_browsers(ElementTree.fromstring(text))


@cache
def _reader():
    """MathJax's way from TeX to MathML, loaded once."""
    spec = find_spec("mathjax")
    if spec is None:
        raise ExtensionError(
            "the package 'django-static-mathjax' is not installed: run "
            "'pip install -r requirements.txt' in the book's folder, or 'make book'"
        )
    folder = Path(spec.submodule_search_locations[0], "static", "mathjax", "es5")
    context = quickjs.Context()
    context.eval(BEFORE)
    for part in PARTS:
        context.eval((folder / part).read_text(encoding="utf-8"))
    context.eval(AFTER)
    return lambda tex, display: context.eval(f"toMathML({json.dumps(tex)}, {json.dumps(display)})")


def for_browsers(math):
    """MathML as browsers draw it, without what they would ignore."""
    for element in math.iter():
        element.tag = element.tag.rpartition("}")[2]
        element.tail = None
        if len(element):
            element.text = None
    _space(math)
    for element in math.iter():
        for name in [name for name in element.attrib if name.startswith("data-")]:
            del element.attrib[name]
        variant = element.attrib.pop("mathvariant", None)
        if variant == "normal":
            element.set("mathvariant", "normal")
        elif variant is not None:
            element.text = in_alphabet(element.text or "", variant)
        # The font's prime is small and raised already.
        if element.tag == "msup" and element[1].text in PRIMES:
            element.tag = "mrow"
        if element.tag == "mtable":
            _align(element)
    return written(math)


def _space(element, in_script=False):
    """Put between the symbols what TeX would: browsers go by the symbol alone.

    As in TeX, a script has no space around its relations, a symbol in braces stands for itself,
    and a sign that nothing stands before belongs to what follows.
    """
    before = None
    for place, child in enumerate(element):
        scripted = in_script or (element.tag in SCRIPTS and place > 0)
        if child.tag == "mo":
            _space_operator(child, before, scripted, alone=len(element) == 1)
        before = child
        _space(child, scripted)
    if element.tag in ROWS and not in_script:
        _space_names(element)


def _space_operator(operator, before, in_script, alone):
    kind = operator.get(CLASS, "")
    text = operator.text or ""
    braced = alone or text == "/"
    opens = before is None or _opens(before)
    if text in SIGNS and opens and before is not None:
        operator.set("form", "prefix")
    if text in SIGNS and opens:
        space = ("0", "0")
    elif text.isalpha() and len(text) > 1:
        space = (THIN, THIN)
    elif in_script or braced:
        space = ("0", "0")
    else:
        space = SPACES.get(kind)
    if space:
        operator.set("lspace", space[0])
        operator.set("rspace", space[1])


def _opens(element):
    """Whether what follows ``element`` begins anew: after a relation, a bracket, a comma."""
    kind = element.get(CLASS)
    while element.tag == "mrow" and len(element) == 1:
        element = element[0]
        kind = kind or element.get(CLASS)
    if element.tag == "mspace":
        return True
    closes = kind == "CLOSE" or (kind != "OPEN" and element.text in CLOSING)
    return element.tag == "mo" and not closes


def _space_names(row):
    """A thin space around the name of a function, but none before a bracket."""
    for name in [child for child in row if _is_name(child)]:
        place = list(row).index(name)
        applied = len(row) > place + 1 and row[place + 1].text == APPLIED
        behind = place + 1 + applied
        after = row[behind] if len(row) > behind else None
        if after is not None and after.tag != "mo":
            row.insert(behind, ElementTree.Element("mspace", width=THIN))
        before = row[place - 1] if place else None
        if before is not None and not _opens(before):
            row.insert(place, ElementTree.Element("mspace", width=THIN))


def _is_name(element):
    while element.tag in SCRIPTS and len(element):
        element = element[0]
    return element.tag == "mi" and len(element.text or "") > 1 and element.text.isalpha()


def in_alphabet(text, variant):
    """``text`` in one of Unicode's mathematical alphabets; what has no such letter stays."""
    if variant not in ALPHABETS:
        raise ValueError(f"no alphabet of browsers is called '{variant}', asked for '{text}'")
    return "".join(_letter(character, ALPHABETS[variant]) for character in text)


def _letter(character, alphabet):
    if character in OLD.get(alphabet, {}):
        return OLD[alphabet][character]
    kind = {"Lu": "CAPITAL", "Ll": "SMALL", "Nd": "DIGIT"}.get(unicodedata.category(character))
    name = unicodedata.name(character, "").split()[-1:]
    try:
        return unicodedata.lookup(f"MATHEMATICAL {alphabet} {kind} {''.join(name)}")
    except KeyError:
        return character


def _align(table):
    """Say in each cell what the table says of its column."""
    columns = (table.attrib.pop("columnalign", "") or "center").split()
    kind = table.attrib.pop("columnspacing", None)
    for name in ("rowspacing", "side", "minlabelspacing", "columnlines", "rowlines"):
        table.attrib.pop(name, None)
    # Within aligned lines a relation keeps its own distance, and nothing is added to it.
    table.set("class", "cml-aligned" if kind and kind.split()[0] == "0em" else "cml-array")
    for row in table:
        for place, cell in enumerate(row):
            side = columns[min(place, len(columns) - 1)]
            if side != "center":
                cell.set("class", f"cml-{side}")


def written(element):
    """Markup of an element without white space of its own."""
    attributes = "".join(f' {name}="{escape(value)}"' for name, value in element.attrib.items())
    inside = escape(element.text or "", quote=False) + "".join(map(written, element))
    return f"<{element.tag}{attributes}>{inside}</{element.tag}>"
