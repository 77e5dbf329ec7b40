"""What errors tell people to type."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from stook.cli.main import stook as command_line

_COMMAND = re.compile(r"\bstook ([a-z]+)\b")


def test_every_command_that_a_hint_names_exists(project_root: Path) -> None:
    """A hint never sends anyone to a command that there is not."""
    known = set(command_line.commands) | set(command_line.list_commands(None))  # type: ignore[arg-type]
    unknown = {
        f"{path.relative_to(project_root)}: {word}"
        for path in sorted((project_root / "src/stook").rglob("*.py"))
        for hint in _hints(ast.parse(path.read_text()))
        for word in _COMMAND.findall(hint)
        if word not in known | _PROSE
    }
    assert unknown == set()


# Words that follow the name in a sentence.
_PROSE = {"did", "if", "wrote"}


def _hints(tree: ast.AST) -> list[str]:
    texts = []
    for node in ast.walk(tree):
        if isinstance(node, ast.keyword) and node.arg == "hint":
            parts = [part.value for part in ast.walk(node.value) if isinstance(part, ast.Constant)]
            texts.append("".join(part for part in parts if isinstance(part, str)))
    return texts
