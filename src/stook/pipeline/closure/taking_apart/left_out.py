"""Annotations and docstrings, which count only where code asks for them."""

from __future__ import annotations

import ast
from collections.abc import Iterable

from blake3 import blake3

from stook.pipeline.closure.taking_apart.facts import ANNOTATIONS, DOCS, Piece, References, Use

__all__ = ["digest_text", "left_out", "literal"]


def left_out(annotations: Iterable[ast.AST], docs: Iterable[str]) -> dict[str, Piece]:
    """Return what is left out of some code, by name.

    Args:
        annotations: The annotations in it that nothing reads when it is imported, each after the name that it is of.
        docs: The docstrings in it.
    """
    found = {}
    if annotations:
        text, names = _written(annotations)
        found[ANNOTATIONS] = Piece(digest_text(text), References(tuple(map(Use, dict.fromkeys(names)))))
    if docs:
        found[DOCS] = Piece(digest_text("\0".join(docs)))
    return found


def _written(annotations: Iterable[ast.AST]) -> tuple[str, list[str]]:
    """Return annotations as a text, and the names in them. There are many, and they are seldom asked for."""
    out, names, stack = [], [], [*annotations]
    while stack:
        node = stack.pop()
        kind = node.__class__
        if kind is ast.Name:
            out.append(node.id)  # type: ignore[attr-defined]
            names.append(node.id)  # type: ignore[attr-defined]
        elif kind is ast.Constant:
            out.append(literal(node.value))  # type: ignore[attr-defined]
        elif kind is ast.Attribute:
            out.append(f".{node.attr}")  # type: ignore[attr-defined]
            stack.append(node.value)  # type: ignore[attr-defined]
        elif kind is ast.Subscript:
            out.append("[]")
            stack += [node.value, node.slice]  # type: ignore[attr-defined]
        else:
            inner = [*ast.iter_child_nodes(node)]
            out.append(f"{kind.__name__} {len(inner)}")
            stack += inner
    return "\0".join(out), names


def digest_text(text: str) -> str:
    """Return the digest of a normal form; empty for none."""
    return blake3(text.encode("utf-8", "surrogatepass")).hexdigest() if text else ""


def literal(value: object) -> str:
    """Return a value that is written out, as a text."""
    # A hexadecimal literal may have more digits than Python agrees to print in decimal.
    return hex(value) if type(value) is int else repr(value)
