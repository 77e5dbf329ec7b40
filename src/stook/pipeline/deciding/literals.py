"""Texts in the code of a task that may name files: `"data/rates.csv"`, alone or within a longer text."""

from __future__ import annotations

import ast
import os
import re
import sys
from collections.abc import Callable, Iterable, Iterator
from typing import Final

import msgspec

from stook.pipeline.authoring.tasks import Task
from stook.pipeline.closure import Closure, Codebase, CodeText, read_texts
from stook.pipeline.closure.taking_apart.facts import TASK_TRAITS
from stook.pipeline.parsing import PARSING

__all__ = ["find_literals", "iter_code", "remembered"]

_SORT: Final = "literals 3"
_LONGEST: Final = 255
_QUOTED: Final = re.compile(r"""'([^'\n]{1,255})'|"([^"\n]{1,255})\"""")
_MAGIC: Final = re.compile(r"[*?\[]")
_PLAIN_PATTERN: Final = re.compile(r"[\w.\-/ *?\[\]]*[\w\-]\.?[\w.\-/*?\[\]]*")
_SIGNS: Final = re.compile(r"[\x00-\x1f<>|{}\\]|://")
_Function = ast.FunctionDef | ast.AsyncFunctionDef
_encoder: Final = msgspec.msgpack.Encoder()
_decoder: Final = msgspec.msgpack.Decoder(tuple[str, ...])


def find_literals(closure: Closure, codebase: Codebase) -> tuple[str, ...]:
    """Return the texts in a closure that may name files or folders; remembered for a closure where code is.

    Left out are docstrings, and what a task says of itself, `requires` above all, which reaches its result otherwise.

    Args:
        closure: The closure.
        codebase: Where it was found.
    """

    def find() -> tuple[str, ...]:
        names = dict.fromkeys(_iter_names(read_texts(closure, codebase)))
        return tuple(name for name in names if name.isascii() or _is_unicode(name))

    return remembered(_SORT, closure, codebase, find)


def remembered(
    sort: str, closure: Closure, codebase: Codebase, find: Callable[[], tuple[str, ...]]
) -> tuple[str, ...]:
    """Return what is found in a closure, looked for once as long as its code is the same.

    Args:
        sort: What is looked for, and the version of how.
        closure: The closure.
        codebase: Where it was found.
        find: Looks for it.
    """
    known = codebase.kept.find(sort, closure.digest)
    if known is not None:
        try:
            return _decoder.decode(known)
        except msgspec.DecodeError:
            pass
    found = find()
    codebase.kept.put(sort, closure.digest, _encoder.encode(found))
    return found


def _is_unicode(name: str) -> bool:
    """Tell whether a name can be written down; one with half of a surrogate pair in it cannot."""
    return name.encode(errors="replace").decode() == name


def iter_code(texts: Iterable[CodeText], words: tuple[str, ...]) -> Iterator[tuple[CodeText, list[ast.stmt]]]:
    """Yield the code in a closure that has one of some words in it, parsed; of tasks only what counts as their code.

    Args:
        texts: The text of the closure.
        words: The words.
    """
    for text in texts:
        # Of a task that is only asked for, the code is no part of the closure.
        if not text.path.endswith((".py", ".ipynb", "notebook")) or text.key.endswith(".(parameters)"):
            continue
        if not any(word in text.text for word in words):
            continue
        try:
            with PARSING:
                tree = ast.parse(text.text)
        except (SyntaxError, ValueError):  # of a notebook's cell, or a file that changed meanwhile
            continue
        yield text, [_without_traits(node) for node in tree.body] if _is_task(text.key) else tree.body


def _iter_names(texts: Iterable[CodeText]) -> Iterator[str]:
    for text, body in iter_code(texts, ("'", '"')):
        folder = os.path.dirname(text.path)
        for literal in _iter_literals(body):
            for name in _names_in(literal):
                yield name
                if folder and not name.startswith(("/", "~")) and not any(map(str.isspace, name)):
                    yield f"{folder}/{name}"  # from the folder of the module, as in `Path(__file__).parent / name`


def _is_task(key: str) -> bool:
    """Tell whether a definition is a task: one that is asked for is imported by then."""
    module, _, name = key.partition(":")
    found = vars(sys.modules.get(module) or sys.modules["__main__"]).get(name)
    return isinstance(found, type) and issubclass(found, Task)


def _iter_literals(body: Iterable[ast.stmt]) -> Iterator[str]:
    stack: list[ast.AST] = [*body]
    while stack:
        node = stack.pop()
        if isinstance(node, ast.Constant):
            if isinstance(node.value, str):
                yield node.value
            elif isinstance(node.value, bytes):
                yield node.value.decode(errors="replace")
        elif not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)):
            stack += ast.iter_child_nodes(node)


def _without_traits(node: ast.stmt) -> ast.stmt:
    """Return the definition of a task without what does not count as its code."""
    if isinstance(node, _Function):
        node.decorator_list = []
    if isinstance(node, ast.ClassDef):
        node.body = [inner for inner in node.body if _name_of(inner) not in TASK_TRAITS]
    return node


def _name_of(node: ast.stmt) -> str:
    if isinstance(node, _Function):
        return node.name
    target = node.targets[0] if isinstance(node, ast.Assign) else getattr(node, "target", None)
    return target.id if isinstance(target, ast.Name) else ""


def _names_in(literal: str) -> Iterator[str]:
    """Yield a text where it may name a file, and what is quoted in it, as in SQL."""
    if _may_name(literal):
        yield literal.lstrip("/") if literal.count("/") == 1 else literal
    if len(literal) > 2 and ("'" in literal or '"' in literal):
        for one, other in _QUOTED.findall(literal):
            if _may_name(one or other):
                yield one or other


def _may_name(text: str) -> bool:
    if not 0 < len(text) <= _LONGEST or text.strip("./ ") == "" or _SIGNS.search(text):
        return False
    if not _MAGIC.search(text):
        return not (text.count(" ") > 5 or text.endswith((" ", ":")))
    # Of patterns only what looks like one of files: `*.csv`, `data/*`; not `*`, `count(*)` or a regular expression.
    return ("/" in text or "." in text) and bool(_PLAIN_PATTERN.fullmatch(text)) and "**" not in text[:2]
