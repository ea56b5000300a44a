"""What the source writes into the audit: every (action, kind of subject), read off its calls."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping

from surveys.audit import kind_of
from surveys.store.audit import PERSON

Pair = tuple[str, str]
Function = ast.FunctionDef | ast.AsyncFunctionDef
Given = Mapping[str, ast.expr]
"""By parameter, what a call gives it."""

RECORD = ("db", "at", "person_id", "action", "subject", "detail")
EMAILS = ("plain_email", "check_email")
"""What gives an e-mail address, which is a person."""


class Unclear(AssertionError):
    """An action or a kind that cannot be read off the source: write it down more plainly."""


def written(modules: Mapping[str, ast.Module]) -> set[Pair]:
    """Every pair that ``modules`` record, directly or by functions that hand on what they are
    given. Raises :class:`Unclear`."""
    found: set[Pair] = set()
    for name, tree in modules.items():
        if name != "surveys.audit":
            _refuse_other_ways(name, tree)
            for function, call in _calls(tree, "audit.record"):
                given = _given(call, RECORD)
                pairs = _pairs(tree, function, given["action"], given["subject"])
                found |= {(action, kind) for action, kind in pairs}
    return found


def _refuse_other_ways(name: str, tree: ast.Module) -> None:
    """The audit has one name everywhere, and ``record`` is only ever called."""
    called = {id(call.func) for _, call in _calls(tree, "audit.record")}
    for node in ast.walk(tree):
        match node:
            case ast.ImportFrom(module="surveys.audit", names=names):
                hidden = any(alias.name in ("record", "*") for alias in names)
            case ast.ImportFrom(module="surveys", names=names):
                hidden = any(alias.name == "audit" and alias.asname for alias in names)
            case ast.Import(names=names):
                hidden = any(alias.name == "surveys.audit" for alias in names)
            case ast.Attribute():
                hidden = ast.unparse(node) == "audit.record" and id(node) not in called
            case _:
                hidden = False
        if hidden:
            raise Unclear(f"{name} records otherwise: {ast.unparse(node)}")


def _calls(tree: ast.Module, name: str) -> Iterator[tuple[Function, ast.Call]]:
    """The calls of ``name``, each with the innermost function that it stands in."""

    def below(node: ast.AST, function: Function | None) -> Iterator[tuple[Function, ast.Call]]:
        if isinstance(node, ast.Call) and ast.unparse(node.func) == name:
            if function is None:
                raise Unclear(f"{ast.unparse(node)} stands in no function")
            yield function, node
        inner = node if isinstance(node, Function) else function
        for child in ast.iter_child_nodes(node):
            yield from below(child, inner)

    return below(tree, None)


def _given(call: ast.Call, parameters: tuple[str, ...]) -> dict[str, ast.expr]:
    if any(isinstance(arg, ast.Starred) for arg in call.args):
        raise Unclear(ast.unparse(call))
    positional = dict(zip(parameters, call.args, strict=False))
    return positional | {key.arg: key.value for key in call.keywords if key.arg}


def _pairs(tree: ast.Module, function: Function, action: ast.expr, subject: ast.expr) -> set[Pair]:
    """The pairs that two expressions within ``function`` can be."""
    arguments = function.args
    parameters = tuple(
        arg.arg for arg in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)
    )
    actions, kinds = _cases(action, function), _cases(subject, function)
    open_ends = {
        case.id
        for case in (*actions, *(_handed_on(kind) for kind in kinds))
        if isinstance(case, ast.Name) and case.id in parameters
    }
    callers = list(_calls(tree, function.name)) if open_ends else []
    if open_ends and not (callers and function.name.startswith("_")):
        raise Unclear(f"not all that call {function.name} are in its module")
    found: set[Pair] = set()
    for caller, call in callers:
        given = _given(call, tuple(arg.arg for arg in arguments.args))
        if open_ends - given.keys():
            raise Unclear(ast.unparse(call))
        for one in actions:
            for other in kinds:
                handed = _handed_on(other)
                found |= _pairs(
                    tree,
                    caller,
                    given.get(one.id, one) if isinstance(one, ast.Name) else one,
                    given.get(handed.id, other) if isinstance(handed, ast.Name) else other,
                )
    if not open_ends:
        found = {(_text(one), _kind(other)) for one in actions for other in kinds}
    return found


def _cases(value: ast.expr, function: Function) -> list[ast.expr]:
    """Branches and the variables of ``function`` opened up."""
    if isinstance(value, ast.IfExp):
        return [*_cases(value.body, function), *_cases(value.orelse, function)]
    if isinstance(value, ast.Name):
        assigned = [
            node.value
            for node in ast.walk(function)
            if isinstance(node, ast.Assign | ast.AnnAssign)
            and node.value is not None
            and value.id in map(ast.unparse, getattr(node, "targets", None) or [node.target])  # type: ignore[union-attr]
        ]
        if assigned:
            return [case for each in assigned for case in _cases(each, function)]
    return [value]


def _handed_on(subject: ast.expr) -> ast.expr:
    """What decides the kind: of f"{kind} {id}" the kind."""
    if isinstance(subject, ast.JoinedStr) and isinstance(subject.values[0], ast.FormattedValue):
        return subject.values[0].value
    return subject


def _text(action: ast.expr) -> str:
    if isinstance(action, ast.Constant) and isinstance(action.value, str):
        return action.value
    raise Unclear(f"which action is {ast.unparse(action)}?")


def _kind(subject: ast.expr) -> str:
    match subject:
        case ast.Constant(value=str(text)):
            return kind_of(text)
        case ast.JoinedStr(values=[ast.Constant(value=str(text)), *_]) if " " in text:
            return kind_of(text)
        case ast.Attribute(attr="email"):
            return PERSON
        case ast.Call(func=ast.Name(id=name)) if name in EMAILS:
            return PERSON
    raise Unclear(f"of which kind is {ast.unparse(subject)}?")
