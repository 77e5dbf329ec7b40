"""Print the longest modules and functions, to look at when they grow. Splitting without a reason is no cure."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

SOURCE = Path(__file__).resolve().parent.parent / "src" / "stook"
SHOWN = 5


def main() -> None:
    """Print both lists."""
    modules = sorted(SOURCE.rglob("*.py"))
    lengths = [(len(path.read_text(encoding="utf-8").splitlines()), name(path)) for path in modules]
    functions = [entry for path in modules for entry in function_lengths(path)]
    for what, entries in (("modules", lengths), ("functions", functions)):
        longest = ", ".join(f"{label} {lines}" for lines, label in sorted(entries, reverse=True)[:SHOWN])
        print(f"longest {what}: {longest}")


def name(path: Path) -> str:
    """Return a module's name as people say it."""
    return path.relative_to(SOURCE).as_posix().removesuffix(".py")


def function_lengths(path: Path) -> Iterator[tuple[int, str]]:
    """Yield the length in lines of each function of a module, without its docstring."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            documented = node.body[0] if ast.get_docstring(node) else None
            docstring = (documented.end_lineno or 0) - documented.lineno + 1 if documented else 0
            yield (node.end_lineno or 0) - node.lineno + 1 - docstring, f"{name(path)}:{node.name}"


if __name__ == "__main__":
    main()
