"""Write `docs/reference/cli.md` from the commands themselves, or with `--check` see that it is what they say."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

PAGE = Path(__file__).resolve().parent.parent / "docs" / "reference" / "cli.md"
WIDTH = 96
INTRODUCTION = """\
# The command line

Every command of `stook`, as its own `--help` says it. This page is made by `just gen`.
"""


def main(arguments: list[str]) -> int:
    """Write or check the page; return an exit code."""
    from stook.cli.commands import stook

    page = render(stook)
    if "--check" not in arguments:
        PAGE.write_text(page, encoding="utf-8")
        return 0
    if PAGE.is_file() and PAGE.read_text(encoding="utf-8") == page:
        return 0
    print("docs/reference/cli.md is not what the commands say; make it again: just gen", file=sys.stderr)
    return 1


def render(group: click.Command) -> str:
    """Return the page for a command and all those below it."""
    return INTRODUCTION + "".join(section(context) for context in walk(group, None))


def walk(command: click.Command, parent: click.Context | None) -> Iterator[click.Context]:
    """Yield a context for each visible command, a group before its commands."""
    name = "stook" if parent is None else command.name
    layout: dict[str, Any] = {"terminal_width": WIDTH, "max_content_width": WIDTH}
    context = click.Context(command, info_name=name, parent=parent, **{**command.context_settings, **layout})
    yield context
    if isinstance(command, click.Group):
        for child_name in command.list_commands(context):
            child = command.get_command(context, child_name)
            if child is not None and not child.hidden:
                yield from walk(child, context)


def section(context: click.Context) -> str:
    """Return one command's heading and help."""
    lines = (line.rstrip() for line in context.get_help().splitlines())
    return f"\n## {context.command_path}\n\n```text\n" + "\n".join(lines) + "\n```\n"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
