"""What compiled code does, whatever lines and file it came from and whatever its docstring says."""

from __future__ import annotations

import dis
from collections.abc import Iterator
from types import CodeType
from typing import Final

from stook.pipeline.live.marks import mark

__all__ = ["global_names", "inner_codes", "shape_of"]

_IDLE: Final = frozenset({"CACHE", "EXTENDED_ARG", "NOP", "RESUME"})
_GLOBAL: Final = frozenset({"LOAD_GLOBAL", "LOAD_NAME", "STORE_GLOBAL", "DELETE_GLOBAL"})
_HAS_DOCSTRING: Final = 0x4000000


def shape_of(code: CodeType) -> str:
    """Return the digest of what code does: equal for code compiled from texts that differ in comments or docstrings."""
    steps = [step for step in dis.get_instructions(code) if step.opname not in _IDLE]
    at = {step.offset: number for number, step in enumerate(steps)}
    return mark(
        "code",
        code.co_name,
        repr((code.co_argcount, code.co_posonlyargcount, code.co_kwonlyargcount)),
        repr(code.co_flags & ~_HAS_DOCSTRING),
        repr((code.co_varnames, code.co_freevars, code.co_cellvars)),
        items=(_step(step, at) for step in steps),
    )


def inner_codes(code: CodeType) -> Iterator[CodeType]:
    """Yield code and all that is nested in it."""
    todo = [code]
    while todo:
        current = todo.pop()
        yield current
        todo += [constant for constant in current.co_consts if isinstance(constant, CodeType)]


def global_names(code: CodeType) -> tuple[str, ...]:
    """Return the names of its module that code uses, sorted."""
    names = {
        step.argval
        for inner in inner_codes(code)
        for step in dis.get_instructions(inner)
        if step.opname in _GLOBAL
    }
    return tuple(sorted(names))


def _step(step: dis.Instruction, at: dict[int, int]) -> str:
    if step.opcode in dis.hasjrel or step.opcode in dis.hasjabs:
        later = [number for offset, number in at.items() if offset >= step.argval]
        return f"{step.opname} to {min(later, default=len(at))}"
    if step.opcode in dis.hasconst:
        return f"{step.opname} {_constant(step.argval)}"
    return (
        f"{step.opname} {step.argval!r} {step.arg if step.opcode not in dis.hasname else (step.arg or 0) & 1}"
    )


def _constant(value: object) -> str:
    if isinstance(value, CodeType):
        return shape_of(value)
    if isinstance(value, tuple):
        return f"({', '.join(map(_constant, value))})"
    if isinstance(value, frozenset):
        return f"{{{', '.join(sorted(map(_constant, value)))}}}"
    return f"{type(value).__name__} {hex(value) if type(value) is int else repr(value)}"
