"""What import statements, and texts that name modules, bring."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from stook.pipeline.closure.taking_apart.facts import Target

__all__ = ["imports_of", "named_module"]


def imports_of(node: ast.Import | ast.ImportFrom, package: str) -> Iterator[tuple[str, Target]]:
    """Yield each name that an import binds, and what it brings; the name is `*` for a star import."""
    if isinstance(node, ast.Import):
        for alias in node.names:
            if alias.asname:
                yield alias.asname, Target(alias.name)
            else:
                top = alias.name.partition(".")[0]
                yield top, Target(top)
        return
    module = node.module or ""
    if node.level:
        base = package.split(".") if package else []
        base = base[: len(base) - node.level + 1]
        module = ".".join([*base, module] if module else base)
    for alias in node.names:
        yield alias.asname or alias.name, Target(module, alias.name)


def named_module(name: str, package: str) -> Target:
    """Return the module that a text names, from a package where it starts with dots."""
    level = len(name) - len(name.lstrip("."))
    if not level:
        return Target(name)
    base = package.split(".")
    return Target(".".join([*base[: len(base) - level + 1], name[level:]]))
