"""What errors tell people to type."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import click

from stook.cli.commands import stook as command_line
from stook.cli.suggesting import _OF_A_CONTEXT

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


def test_every_verb_that_takes_a_context_is_known_to_keep_it() -> None:
    """A suggested command is for the context that was asked: of each verb it is settled whether it has one."""
    takes = {
        name
        for name in command_line.list_commands(None)  # type: ignore[arg-type]
        for option in _command(name).params
        if option.name == "context"
    }
    assert takes - _OF_A_CONTEXT == _OF_THE_WHOLE_STORE
    assert takes >= _OF_A_CONTEXT


# Their answer is the same whatever the context, or is that of the folder they are given.
_OF_THE_WHOLE_STORE = {"context", "doctor", "gc", "init", "rebuild", "status", "verify"}


def _command(name: str) -> click.Command:
    command = command_line.get_command(None, name)  # type: ignore[arg-type]
    assert command is not None
    return command


# Words that follow the name in a sentence.
_PROSE = {"did", "if", "wrote"}


def _hints(tree: ast.AST) -> list[str]:
    texts = []
    for node in ast.walk(tree):
        if isinstance(node, ast.keyword) and node.arg == "hint":
            parts = [part.value for part in ast.walk(node.value) if isinstance(part, ast.Constant)]
            texts.append("".join(part for part in parts if isinstance(part, str)))
    return texts
