"""Digests of functions and classes as a notebook has them: their source, and what they were given when made."""

from __future__ import annotations

import ast
import dataclasses
import functools
import re
import types
from collections.abc import Callable, Iterator, Mapping
from enum import Enum
from typing import Any, Final

from stook.format import canonical
from stook.pipeline.authoring.tasks import Task, parameters_of
from stook.pipeline.closure.taking_apart.facts import TASK_TRAITS, References, Use
from stook.pipeline.closure.taking_apart.scan import scan
from stook.pipeline.live.cells import Cells
from stook.pipeline.live.code_shape import global_names, shape_of
from stook.pipeline.live.marks import mark
from stook.pipeline.live.values import Describe

__all__ = ["Source", "cells_of", "digest_class", "find_source", "find_wrapped", "left_out_of"]

_UNSET: Final = "unset"
# What classes have besides what was written: derived from the rest, or of no effect.
_DERIVED: Final = frozenset(
    {
        "__abstractmethods__", "__annotate__", "__annotate_func__", "__annotations__", "__annotations_cache__",
        "__conditional_annotations__", "__dataclass_fields__", "__dict__", "__doc__", "__firstlineno__",
        "__match_args__", "__module__", "__orig_bases__", "__parameters__", "__qualname__", "__static_attributes__",
        "__weakref__", "_abc_impl",
    }
)  # fmt: skip
_SUNDER: Final = re.compile(r"_[a-z]\w*_")
_OF_FUNCTION_TASK: Final = frozenset({"_input_names", "_requires", "name"})

_WRAPPERS: Final[tuple[tuple[type, Callable[[Any], tuple[object, ...]]], ...]] = (
    (types.MethodType, lambda one: (one.__self__, one.__func__)),
    (functools.partial, lambda one: (one.func, one.args, one.keywords)),
    (functools.partialmethod, lambda one: (one.func, one.args, one.keywords)),
    (staticmethod, lambda one: (one.__func__,)),
    (classmethod, lambda one: (one.__func__,)),
    (property, lambda one: (one.fget, one.fset, one.fdel)),
    (functools.cached_property, lambda one: (one.func,)),
    (functools._lru_cache_wrapper, lambda one: (one.__wrapped__, one.cache_parameters())),
    (functools.singledispatchmethod, lambda one: (one.func, dict(one.dispatcher.registry))),
    (
        dataclasses.Field,
        lambda one: (
            one.default,
            one.default_factory,
            (one.init, one.repr, one.hash, one.compare, one.kw_only),
            dict(one.metadata),
        ),
    ),
)


@dataclasses.dataclass(frozen=True, slots=True)
class Source:
    """The code of one function, without its decorators and defaults, whose values count.

    Attributes:
        digest: Of its normal form.
        references: The names that it uses.
        mentions: Attributes that it takes from anything but `self`.
    """

    digest: str
    references: References
    mentions: frozenset[str] = frozenset()


def find_source(function: types.FunctionType, cells: Cells, *, is_task: bool = False) -> Source:
    """Return the code of a function: from its cell, else as it was compiled.

    Args:
        function: The function.
        cells: Where its source may be.
        is_task: Whether annotations of its arguments count.
    """
    found = cells.find_function(function.__code__)
    if found is None:
        names = global_names(function.__code__)
        return Source(shape_of(function.__code__), References(tuple(Use(name) for name in names)))
    node = found[1]
    skip = {id(default) for default in (*node.args.defaults, *node.args.kw_defaults) if default is not None}
    decorators = getattr(node, "decorator_list", [])
    skip |= {id(decorator) for decorator in decorators}
    statement: ast.AST = ast.Expr(_bare(node)) if isinstance(node, ast.Lambda) else node
    piece = scan([statement], "", frozenset(skip), is_task=is_task or bool(decorators))
    taken = (part for part in ast.walk(node) if isinstance(part, ast.Attribute))
    mentions = {part.attr for part in taken if getattr(part.value, "id", "") != "self"}
    return Source(piece.digest, piece.references, frozenset(mentions))


def _bare(node: ast.Lambda) -> ast.Lambda:
    args = node.args
    bare = ast.arguments(args.posonlyargs, args.args, args.vararg, args.kwonlyargs, [], args.kwarg, [])
    return ast.Lambda(bare, node.body)


def find_wrapped(value: Any) -> tuple[object, ...] | None:
    """Return what something that wraps a function is made of; None where it wraps none."""
    if isinstance(value, types.FunctionType) and hasattr(value, "registry") and hasattr(value, "dispatch"):
        return "dispatcher", dict(value.registry)
    for kind, parts in _WRAPPERS:
        if isinstance(value, kind):
            return (kind.__name__, *parts(value))
    return None


def digest_class(cls: type, where: str, describe: Describe, *, skip: frozenset[str] = frozenset()) -> str:
    """Return the digest of a class by what it has: bases, methods, attributes and the types of its fields.

    Args:
        cls: The class.
        where: What to call it in an error.
        describe: Gives the digests of its parts.
        skip: Attributes to leave out.
    """
    items = []
    for name, value in _attributes_of(cls):
        if name not in skip:
            items += [name, describe(value, f"{where}.{name}")]
    return mark(
        "class",
        cls.__name__,
        describe(type(cls), where),
        *(describe(base, where) for base in cls.__bases__),
        items=[*items, *_annotations_of(cls, where, describe)],
    )


def left_out_of(task: type[Task], sources: Mapping[str, Source]) -> frozenset[str]:
    """Return the attributes of a task that reach its result by another way, or not at all.

    Args:
        task: The task.
        sources: The code of its methods.
    """
    asked = frozenset().union(*(source.mentions for source in sources.values()))
    return TASK_TRAITS | _OF_FUNCTION_TASK | (parameters_of(task).keys() - asked)


def _attributes_of(cls: type) -> Iterator[tuple[str, object]]:
    """Yield what a class defines, by name."""
    is_generated = "__dataclass_fields__" in vars(cls) or hasattr(cls, "_fields")
    members: Mapping[str, object] = getattr(cls, "__members__", {}) if issubclass(cls, Enum) else {}
    for name, value in sorted(vars(cls).items()):
        if name in _DERIVED or name.startswith("_stook_") or name in members:
            continue
        if issubclass(cls, Enum) and (_SUNDER.fullmatch(name) or _is_of_enum(value)):
            continue
        if isinstance(value, types.GetSetDescriptorType):
            continue
        if is_generated and _is_generated(value):
            continue
        is_slot = isinstance(value, types.MemberDescriptorType) or type(value).__name__ == "_tuplegetter"
        yield name, "a slot" if is_slot else value
    for name, member in members.items():
        yield name, member.value  # type: ignore[attr-defined]
    for name, field in vars(cls).get("__dataclass_fields__", {}).items():
        if name in vars(cls).get("__annotations__", {}):
            yield f"{name} (field)", field


def _is_generated(value: object) -> bool:
    """Tell whether a method was made of the fields, which count."""
    function = getattr(value, "__func__", value)
    return isinstance(function, types.FunctionType) and function.__code__.co_filename == "<string>"


def _is_of_enum(value: object) -> bool:
    if type(value) in canonical.PLAIN_TYPES:
        return False
    function = getattr(value, "fget", None) or getattr(value, "__func__", value)
    return not isinstance(function, types.FunctionType) or function.__module__ == "enum"


def _annotations_of(cls: type, where: str, describe: Describe) -> Iterator[str]:
    for name, annotation in vars(cls).get("__annotations__", {}).items():
        yield name
        yield describe(annotation, f"{where}.{name}")


def cells_of(function: types.FunctionType) -> Iterator[tuple[str, object]]:
    """Yield what a function has from the function around it, by name."""
    for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=True):
        try:
            yield name, cell.cell_contents
        except ValueError:
            yield name, _UNSET
