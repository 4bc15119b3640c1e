"""Wrong versions of a formula: what a check has to notice.

A formula is a Python function. Each mutant changes one thing in it: a sign, an operator, a
constant (by a little, and by 1), a factor or a term left out, an exponent, an argument squared, a
transpose, two arguments exchanged, the whole result by a little. A change that only reorders a sum
or a product is none.
"""

from __future__ import annotations

import ast
import copy
import itertools
from dataclasses import dataclass

#: A constant, and the whole, are changed by this much where nothing else is said.
SMALL = 1e-3
#: Calls that change a number by little or much when they are exchanged.
_TWINS = {
    "sin": "cos", "cos": "sin", "max": "min", "min": "max", "maximum": "minimum",
    "minimum": "maximum", "sum": "mean", "mean": "sum", "argmax": "argmin", "argmin": "argmax",
    "exp": "expm1", "log": "log1p", "floor": "ceil", "ceil": "floor", "all": "any", "any": "all",
}  # fmt: skip
#: Calls that do not mind the order of their arguments.
_SYMMETRIC = {"maximum", "minimum", "max", "min", "isclose", "add", "multiply"}
_OPERATORS = {ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult}
_COMPARISONS = {
    ast.Lt: (ast.LtE, ast.Gt), ast.LtE: (ast.Lt, ast.GtE),
    ast.Gt: (ast.GtE, ast.Lt), ast.GtE: (ast.Gt, ast.LtE),
    ast.Eq: (ast.NotEq,), ast.NotEq: (ast.Eq,),
}  # fmt: skip
#: Name under which ``scaled`` is known to a mutant.
SCALED = "_scaled"


@dataclass(frozen=True)
class Mutant:
    """One wrong version: how it is called, such as "a - b → a + b", and its code."""

    name: str
    code: str


def scaled(value, factor):
    """``value`` times ``factor``; entry by entry for a tuple, a list or a dict; truths stay."""
    if isinstance(value, (tuple, list)):
        return type(value)(scaled(entry, factor) for entry in value)
    if isinstance(value, dict):
        return {key: scaled(entry, factor) for key, entry in value.items()}
    if isinstance(value, (bool, str)) or str(getattr(value, "dtype", "")) == "bool":
        return value
    if callable(value):
        return lambda *arguments: scaled(value(*arguments), factor)
    return value * factor


def mutants(function, small=SMALL):
    """The mutants of a function definition (an ``ast.FunctionDef``), without duplicates.

    ``small`` is the relative change of constants and of the result: the resolution of the check.
    With ``None`` there are no small changes: a program's tolerances are no formula's constants.
    """
    plain = copy.deepcopy(function)
    plain.decorator_list = []
    if ast.get_docstring(plain) is not None:
        plain.body = plain.body[1:]
    seen, found, names = {_canonical(plain)}, [], {}
    for before, after, changed in itertools.chain(
        _changed_nodes(plain, small),
        _exchanged_arguments(plain),
        _scaled_results(plain, small) if small else (),
    ):
        ast.fix_missing_locations(changed)
        form = _canonical(changed)
        if form in seen:
            continue
        seen.add(form)
        name = f"{before} → {after}"
        names[name] = names.get(name, 0) + 1
        if names[name] > 1:
            name = f"{name} ({names[name]})"
        found.append(Mutant(name, ast.unparse(changed)))
    return found


def _changed_nodes(function, small):
    """(before, after, function) for each change of one node of the body."""
    arguments = _arguments(function)
    for path, node in _nodes(function):
        for replacement in _replacements(node, small, path, arguments):
            changed = copy.deepcopy(function)
            _put(changed, path, replacement)
            yield ast.unparse(node), ast.unparse(replacement), changed


def _nodes(function):
    """Each expression in the body with the path of fields and places that leads to it."""
    waiting = [(("body", i), statement) for i, statement in enumerate(function.body)]
    while waiting:
        path, node = waiting.pop(0)
        if isinstance(node, ast.expr):
            yield path, node
        for name, value in ast.iter_fields(node):
            if isinstance(value, ast.AST):
                waiting.append(((*path, name), value))
            elif isinstance(value, list):
                waiting += [((*path, name, i), v) for i, v in enumerate(value) if _is_node(v)]


def _is_node(value):
    return isinstance(value, ast.AST)


def _put(root, path, node):
    for step in path[:-1]:
        root = root[step] if isinstance(step, int) else getattr(root, step)
    if isinstance(path[-1], int):
        root[path[-1]] = node
    else:
        setattr(root, path[-1], node)


def _replacements(node, small, path, arguments):
    if isinstance(node, ast.BinOp):
        yield from _of_operator(node)
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        yield node.operand
    elif isinstance(node, ast.Constant) and type(node.value) in (int, float, complex):
        yield from _of_constant(node, small, path)
    elif isinstance(node, ast.Attribute) and node.attr == "T":
        yield node.value
    elif isinstance(node, ast.Call):
        yield from _of_call(node)
    elif small and _is_read(node) and node.id in arguments:
        yield ast.BinOp(node, ast.Pow(), ast.Constant(2))
    elif isinstance(node, ast.Compare):
        for other in _COMPARISONS.get(type(node.ops[0]), ()):
            yield ast.Compare(node.left, [other(), *node.ops[1:]], node.comparators)
    elif isinstance(node, ast.BoolOp):
        yield ast.BoolOp(ast.Or() if isinstance(node.op, ast.And) else ast.And(), node.values)


def _is_read(node):
    return isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)


def _of_operator(node):
    left, right, kind = node.left, node.right, type(node.op)
    if kind in _OPERATORS:
        yield ast.BinOp(left, _OPERATORS[kind](), right)
    if kind is ast.Sub:
        yield ast.UnaryOp(ast.USub(), right)
    elif kind is ast.Div:
        yield ast.BinOp(ast.Constant(1), ast.Div(), right)
    elif kind is ast.Pow:
        if not isinstance(right, ast.Constant):
            yield ast.BinOp(left, ast.Pow(), ast.BinOp(right, ast.Add(), ast.Constant(1)))
    elif kind is ast.MatMult:
        yield ast.BinOp(right, ast.MatMult(), left)
        yield right
    elif kind in (ast.Add, ast.Mult):
        yield right
    yield left


def _of_constant(node, small, path):
    value = node.value
    # An index, the number of an axis or a count may only be another whole number.
    whole = any(step in ("slice", "keywords") for step in path)
    if small and not whole and value != 0:
        yield ast.Constant(value * (1 + small))
        yield ast.Constant(value * (1 - small))
    yield ast.Constant(value + 1)
    yield ast.Constant(value - 1)


def _of_call(node):
    if _name(node) in _TWINS:
        twin = copy.deepcopy(node)
        field = "attr" if isinstance(twin.func, ast.Attribute) else "id"
        setattr(twin.func, field, _TWINS[_name(node)])
        yield twin
    if len(node.args) == 1 and not isinstance(node.args[0], (ast.Starred, ast.GeneratorExp)):
        yield node.args[0]
    for i in range(len(node.args) - 1):
        arguments = list(node.args)
        arguments[i : i + 2] = arguments[i + 1], arguments[i]
        yield ast.Call(node.func, arguments, node.keywords)


def _arguments(function):
    return [a.arg for a in (*function.args.posonlyargs, *function.args.args)]


def _name(call):
    return getattr(call.func, "attr", getattr(call.func, "id", ""))


def _exchanged_arguments(function):
    for first, second in itertools.combinations(_arguments(function), 2):
        changed = copy.deepcopy(function)
        exchange = {first: second, second: first}
        for statement in changed.body:
            for node in ast.walk(statement):
                if isinstance(node, ast.Name):
                    node.id = exchange.get(node.id, node.id)
        yield f"{first}, {second}", f"{second}, {first}", changed


def _scaled_results(function, small):
    """The result, or one entry of a tuple of results, made a little larger, smaller, negative."""
    for path, node in _returned(function):
        values = node.elts if isinstance(node, ast.Tuple) else [node]
        for i, value in enumerate(values):
            if isinstance(value, (ast.Compare, ast.BoolOp, ast.Lambda)):
                continue
            place = (*path, "elts", i) if isinstance(node, ast.Tuple) else path
            for factor in (1 + small, 1 - small, -1):
                changed = copy.deepcopy(function)
                call = ast.Call(ast.Name(SCALED, ast.Load()), [value, ast.Constant(factor)], [])
                _put(changed, place, call)
                yield ast.unparse(value), f"{factor:g} · ({ast.unparse(value)})", changed


def _returned(function):
    for i, statement in enumerate(function.body):
        if isinstance(statement, ast.Return) and statement.value is not None:
            yield ("body", i, "value"), statement.value


def _canonical(function):
    """A text that is the same for two functions that differ in the order of sums and products."""
    return "\n".join(_form(statement) for statement in function.body)


def _form(node):
    if isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Add, ast.Sub)):
        return f"sum({', '.join(sorted(_terms(node, '+')))})"
    if isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Mult, ast.Div)):
        return f"product({', '.join(sorted(_factors(node, '*')))})"
    if isinstance(node, ast.Call) and _name(node) in _SYMMETRIC:
        return f"{ast.dump(node.func)}({', '.join(sorted(map(_form, node.args)))})"
    if isinstance(node, ast.AST):
        fields = (f"{name}={_form(value)}" for name, value in ast.iter_fields(node))
        return f"{type(node).__name__}({', '.join(fields)})"
    if isinstance(node, list):
        return f"[{', '.join(map(_form, node))}]"
    return repr(node)


def _terms(node, sign):
    if isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Add, ast.Sub)):
        other = sign if isinstance(node.op, ast.Add) else {"+": "-", "-": "+"}[sign]
        return [*_terms(node.left, sign), *_terms(node.right, other)]
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        return _terms(node.operand, {"+": "-", "-": "+"}[sign])
    return [sign + _form(node)]


def _factors(node, sign):
    if isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Mult, ast.Div)):
        other = sign if isinstance(node.op, ast.Mult) else {"*": "/", "/": "*"}[sign]
        return [*_factors(node.left, sign), *_factors(node.right, other)]
    return [sign + _form(node)]
