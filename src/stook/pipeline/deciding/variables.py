"""Environment variables that the code of a task names: `os.environ["LIMIT"]`, `os.getenv("LIMIT")`."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from typing import Final

from stook.pipeline.closure import Closure, Codebase, CodeText, read_texts
from stook.pipeline.deciding.literals import iter_code, remembered

__all__ = ["find_variables"]

_SORT: Final = "variables 1"
_ASKING: Final = frozenset({"get", "pop", "setdefault"})
# What says where a program runs, or who may do what, and not what it is to do.
_PASSED_OVER: Final = (
    r"(AWS|AZURE|BUILDKITE|CI|CONDA|GITHUB|GITLAB|GOOGLE|SLURM|SSH|XDG)(_.*)?|PYTHON[A-Z]*|"
    r"COLUMNS|DISPLAY|HOME|HOSTNAME|LINES|LOGNAME|MAIL|OLDPWD|PATH|PWD|SHELL|SHLVL|TEMP|TERM|TMP|TMPDIR|TZ_?DIR|USER|"
    r"USERNAME|VIRTUAL_ENV|.*(CREDENTIAL|PASSWD|PASSWORD|SECRET|TOKEN).*|.*_KEY(_ID)?|.*_NUM_THREADS"
)


def find_variables(closure: Closure, codebase: Codebase) -> tuple[str, ...]:
    """Return the variables that code in a closure reads by name; remembered for a closure where code is.

    Left out are those that say where a program runs, such as `HOME`, and those that are likely to hold secrets.

    Args:
        closure: The closure.
        codebase: Where it was found.
    """

    def find() -> tuple[str, ...]:
        return tuple(sorted({*_iter_variables(read_texts(closure, codebase))}))

    return remembered(_SORT, closure, codebase, find)


def _iter_variables(texts: Iterable[CodeText]) -> Iterator[str]:
    for _, body in iter_code(texts, ("environ", "getenv")):
        for statement in body:
            for node in ast.walk(statement):
                name = _asked_of(node)
                if isinstance(name, ast.Constant) and isinstance(name.value, str | bytes):
                    text = name.value if isinstance(name.value, str) else name.value.decode(errors="replace")
                    if not re.fullmatch(_PASSED_OVER, text):
                        yield text


def _asked_of(node: ast.AST) -> ast.expr | None:
    """Return what stands for the name of a variable that is read here."""
    if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Load) and _is_environment(node.value):
        return node.slice
    if isinstance(node, ast.Compare) and _is_environment(node.comparators[0]):
        return node.left if isinstance(node.ops[0], ast.In | ast.NotIn) else None
    if not isinstance(node, ast.Call) or not node.args:
        return None
    called = _last_name(node.func)
    is_method = (
        called in _ASKING and isinstance(node.func, ast.Attribute) and _is_environment(node.func.value)
    )
    return node.args[0] if is_method or called in {"getenv", "getenvb"} else None


def _is_environment(node: ast.expr) -> bool:
    return _last_name(node) in {"environ", "environb"}


def _last_name(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")
