"""Definitions that a process has, against what their file says now."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import partial
from pathlib import Path
from types import CodeType, FunctionType
from typing import Any, Final

from stook.errors import InputError
from stook.pipeline.closure.taking_apart.facts import WHOLE
from stook.pipeline.finding.importing import forget_bytecode
from stook.pipeline.live.code_shape import inner_codes, shape_of
from stook.pipeline.parsing import PARSING

__all__ = ["check_definitions", "check_held"]

_ABSENT: Final = object()
_Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


class _File:
    """A file of Python as it is now.

    Args:
        file: Its path.
        names: The names of its module, which say how it is compiled.
    """

    def __init__(self, file: str, names: Mapping[str, Any]) -> None:
        source = Path(file).read_bytes()
        with PARSING:
            self.tree = ast.parse(source, file)
        loader = getattr(names.get("__spec__"), "loader", None)
        compiled = getattr(loader, "source_to_code", partial(compile, mode="exec", dont_inherit=True))(
            source, file
        )
        self._shapes: dict[str, set[str]] = {}
        for code in inner_codes(compiled):
            self._shapes.setdefault(code.co_qualname, set()).add(shape_of(code))
        self.file = file

    def has(self, code: CodeType) -> bool:
        """Tell whether this is how the file has a function; other files' functions are not its business."""
        return code.co_filename != self.file or shape_of(code) in self._shapes.get(code.co_qualname, ())


def check_definitions(
    module: str, names: Mapping[str, Any], file: str, wanted: Collection[str], changed: Collection[str] = ()
) -> None:
    """Make sure that definitions of a module are those of its file.

    Args:
        module: The module.
        names: Its names in this process.
        file: Its file.
        wanted: The definitions; `*` for all.
        changed: Those that are known to have been edited since they were like the file.

    Raises:
        InputError: Some are not; the error names them.
    """
    now = _File(file, names)
    wanted = {name.partition(".")[0] for name in wanted}
    last: dict[str, ast.stmt] = {}
    for node in now.tree.body:
        for name in _bound(node):
            last[name] = node
    moved = _bound_again(now.tree)
    odd = [
        name
        for name, node in last.items()
        if (name in wanted or WHOLE in wanted)
        and (isinstance(node, _Definition) or name not in moved)
        and _differs(node, names.get(name, _ABSENT), now)
    ]
    edited = tuple(dict.fromkeys([*odd, *changed]))
    if edited:
        forget_bytecode(file)  # it may be taken for that of the new file
        raise _edited(module, file, edited)


def check_held(
    young: Mapping[str, str], holders: Mapping[str, Mapping[str, Any]], held: Iterable[object]
) -> None:
    """Make sure that what was imported from modules by name is what these modules have now.

    Args:
        young: Modules whose files changed lately, and those files.
        holders: Modules that may have such names, with their names.
        held: What is had elsewhere.

    Raises:
        InputError: Something is of an earlier state of its file.
    """
    files: dict[str, _File] = {}
    every = [("", value) for value in held]
    every += [(holder, value) for holder, names in holders.items() for value in tuple(names.values())]
    for holder, value in every:
        if not isinstance(value, type | FunctionType):
            continue
        source = value.__module__
        if source not in young or source == holder:
            continue
        if holders[source].get(value.__qualname__) is value:
            continue
        file = files[source] = files.get(source) or _File(young[source], holders[source])
        if not all(file.has(code) for code in _codes_of(value)):
            name = f"{holder}:{value.__qualname__}" if holder else value.__qualname__
            raise _edited(source, file.file, (name,), holder)


def _differs(node: ast.stmt, live: object, now: _File) -> bool:
    if isinstance(node, _Definition):
        if live is _ABSENT:
            return True
        if isinstance(node, ast.ClassDef) and isinstance(live, type):
            return _class_differs(node, live, now)
        return not all(now.has(code) for code in _codes_of(live)) or _defaults_differ(node, live)
    value = getattr(node, "value", None)
    return value is not None and _value_differs(value, live)


def _class_differs(node: ast.ClassDef, live: type, now: _File) -> bool:
    if not all(now.has(code) for code in _codes_of(live)):
        return True
    members = getattr(live, "__members__", {})
    defaults = vars(live).get("_field_defaults", {})  # of a named tuple
    for inner in node.body:
        for name in _bound(inner):
            value = members[name].value if name in members else vars(live).get(name, _ABSENT)
            value = defaults.get(name, value)
            if (value is not _ABSENT or isinstance(inner, _Definition)) and _differs(inner, value, now):
                return True
    return False


def _defaults_differ(node: _Definition, live: object) -> bool:
    live = vars(live).get("function") if isinstance(live, type) else live  # of a task that is a function
    function = next(_functions_of(live), None)
    if isinstance(node, ast.ClassDef) or function is None:
        return False
    pairs = zip(node.args.defaults, function.__defaults__ or (), strict=False)
    named = zip(node.args.kwonlyargs, node.args.kw_defaults, strict=True)
    given = function.__kwdefaults__ or {}
    pairs_by_name = (
        (value, given.get(argument.arg, _ABSENT)) for argument, value in named if value is not None
    )
    return (
        len(node.args.defaults) != len(function.__defaults__ or ())
        or any(_value_differs(value, found) for value, found in pairs)
        or any(_value_differs(value, found) for value, found in pairs_by_name)
    )


def _value_differs(node: ast.expr, live: object) -> bool:
    """Compare a value that is written out; others cannot be told without running them."""
    try:
        written = ast.literal_eval(node)
    except (ValueError, TypeError, SyntaxError, RecursionError, MemoryError):
        return False
    if live is _ABSENT:
        return True
    if type(live) is not type(written) and (
        isinstance(live, type(written)) or hasattr(type(live), "__get__")
    ):
        return False  # made into something of its own, such as a member of an enum, or a field
    return not _may_come_of(written, live)


def _may_come_of(written: object, live: object) -> bool:
    """Tell whether a value is what is written, or a table that was filled since."""
    if type(live) is type(written) and repr(live) == repr(written):
        return True
    if isinstance(written, dict) and isinstance(live, dict):
        return all(key in live and _may_come_of(value, live[key]) for key, value in written.items())
    if isinstance(written, list) and isinstance(live, list):
        return len(live) >= len(written) and all(
            any(_may_come_of(one, other) for other in live) for one in written
        )
    return isinstance(written, set) and isinstance(live, set) and written <= live


def _codes_of(value: object) -> Iterator[CodeType]:
    for function in _functions_of(value):
        yield function.__code__
        for cell in function.__closure__ or ():
            inner = getattr(cell, "cell_contents", None) if _is_set(cell) else None
            if isinstance(inner, FunctionType) and inner is not value:
                yield inner.__code__


def _is_set(cell: Any) -> bool:
    try:
        cell.cell_contents  # noqa: B018 - asking is how to know
    except ValueError:
        return False
    return True


def _functions_of(value: Any) -> Iterator[FunctionType]:
    """Yield the functions that something is made of: itself, what it wraps, a class's methods."""
    if isinstance(value, FunctionType):
        yield value
        wrapped = vars(value).get("__wrapped__")
        if wrapped is not None:
            yield from _functions_of(wrapped)
    elif isinstance(value, type):
        for name, inner in vars(value).items():
            if (
                name != "__class__"
                and getattr(inner, "__objclass__", value) is value
                and not _is_alien(inner, value)
            ):
                yield from _functions_of(inner)
    else:
        for name in ("__func__", "fget", "fset", "fdel", "func", "__wrapped__", "function"):
            inner = getattr(value, name, None)
            if isinstance(inner, FunctionType):
                yield from _functions_of(inner)


def _is_alien(inner: object, owner: type) -> bool:
    """Tell whether an attribute of a class is a class of elsewhere, which is no part of it."""
    return isinstance(inner, type) and not inner.__qualname__.startswith(f"{owner.__qualname__}.")


def _bound(node: ast.stmt) -> Iterator[str]:
    """Yield the names that a statement binds in any case."""
    if isinstance(node, _Definition):
        yield node.name
    elif isinstance(node, ast.Assign):
        yield from (target.id for target in node.targets if isinstance(target, ast.Name))
    elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
        yield node.target.id


def _bound_again(tree: ast.Module) -> set[str]:
    """Return the names that more than one statement of a module, or a function of it, sets: one does not tell all."""
    once: set[str] = set()
    again: set[str] = set()
    todo: list[tuple[ast.AST, bool]] = [(tree, False)]
    while todo:
        node, is_inner = todo.pop()
        if isinstance(node, ast.Global):
            again.update(node.names)
        elif isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load) and not is_inner:
            (again if node.id in once else once).add(node.id)
        is_inner = is_inner or isinstance(node, _Definition)
        todo += [(child, is_inner) for child in ast.iter_child_nodes(node)]
    return again


def _edited(module: str, file: str, names: tuple[str, ...], holder: str = "") -> InputError:
    again = f"importlib.reload({module})" + (f", then importlib.reload({holder})" if holder else "")
    return InputError(
        f"{file} was edited after this process had imported it: {', '.join(names)}",
        kind="edited-after-import",
        hint=f"run it again; in a notebook restart the kernel, or {again}, and import its names again",
        module=module,
    )
