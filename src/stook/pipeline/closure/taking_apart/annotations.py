"""How annotations are written into a normal form where they count: they may be texts, which are code too."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from stook.pipeline.closure.taking_apart.names import chain
from stook.pipeline.closure.taking_apart.normal_form import Annotation, NormalForm
from stook.pipeline.parsing import PARSING

__all__ = ["write_annotated", "write_annotation"]


def write_annotated(form: NormalForm, node: ast.AnnAssign) -> None:
    """An assignment with an annotation, which counts in classes whose fields it makes."""
    stack = form.stack
    if id(node) in form.typed:
        stack.append(")")
        if node.value is not None and id(node.value) not in form.skip:
            stack += [node.value, " value="]
        stack += [Annotation(node.annotation), " annotation=", node.target, "(AnnAssign "]
        return
    # As an assignment without annotation is written, and nothing where nothing is assigned.
    form.annotations += [ast.Constant(getattr(node.target, "id", "")), node.annotation]
    if node.value is not None:
        stack += [")", node.value, " value=", "]", node.target, "(Assign targets=["]
    elif isinstance(node.target, ast.Name):
        form.names.bind(node.target.id)


def write_annotation(form: NormalForm, item: Annotation) -> None:
    """Texts in annotations are code, which dataclasses and validators evaluate."""
    form.out.append(form.mark)
    form.stack.append(item.node)
    for text in _texts_in(item.node):
        for name in _names_in(text):
            root, attributes = chain(name)
            if isinstance(root, ast.Name):
                form.names.load(root.id, attributes)


def _texts_in(node: ast.expr) -> Iterator[str]:
    """Yield the texts in an annotation that stand for types: those of `Literal` are values."""
    todo: list[ast.AST] = [node]
    while todo:
        part = todo.pop()
        if isinstance(part, ast.Constant) and isinstance(part.value, str):
            yield part.value
        is_literal = isinstance(part, ast.Subscript) and (
            isinstance(part.value, ast.Name | ast.Attribute)
            and (getattr(part.value, "id", "") or getattr(part.value, "attr", "")) == "Literal"
        )
        if not is_literal:
            todo += ast.iter_child_nodes(part)


def _names_in(text: str) -> list[ast.AST]:
    try:
        with PARSING:
            tree = ast.parse(text, mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return []
    return [node for node in ast.walk(tree) if isinstance(node, ast.Name | ast.Attribute)]
