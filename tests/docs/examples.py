"""Read the examples out of a Markdown page, and run them in order in a folder.

Run are fenced blocks marked `python` and `console`. All Python of a page is one module. In a console block a
line that starts with `$ ` is a command and the lines after it are what it prints; with no such lines only its success
counts. A `text` block right after a Python block is what that prints. `…` stands for anything within a line; alone on
a line, for any lines.

A comment right before a block changes what happens to it:

    <!-- not run: why -->       it is only shown
    <!-- file: path -->         it is written to that file
    <!-- exits 2 -->            its last command ends with that code
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

_FENCE = re.compile(
    r"(?:^<!-- (?P<note>[^\n]*?) -->\n+)?^```(?P<language>\w+)[^\n]*\n(?P<body>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)
_TIMEOUT_SECONDS = 900
_MODULE = "page"


@dataclass(frozen=True)
class Block:
    """One fenced block of a page."""

    language: str
    body: str
    note: str
    line: int
    follows_directly: bool


@dataclass(frozen=True)
class Command:
    """One command of a console block and what the page says that it prints; None where it does not say."""

    text: str
    printed: str | None


def read_blocks(page: str) -> Iterator[Block]:
    """Yield a page's fenced blocks in order."""
    end = 0
    for match in _FENCE.finditer(page):
        body_line = page.count("\n", 0, match.start("body")) + 1
        directly = end > 0 and not page[end : match.start()].strip()
        yield Block(match["language"], match["body"], match["note"] or "", body_line, directly)
        end = match.end()


def read_commands(body: str) -> Iterator[Command]:
    """Yield the commands of a console block."""
    for part in re.split(r"^\$ ", body, flags=re.MULTILINE)[1:]:
        text, _, printed = re.sub(r"\\\n> ?", "", part).partition("\n")
        yield Command(text, printed if printed.strip() else None)


def matches(shown: str, printed: str) -> bool:
    """Tell whether a text is what the page shows, `…` standing for anything; space at line ends does not count."""
    lines = (line.rstrip() for line in shown.strip("\n").splitlines())
    expression = "".join(
        r"(?:.*\n)*" if line == "…" else re.escape(line).replace("…", ".*?") + r"\n" for line in lines
    )
    text = "".join(f"{line.rstrip()}\n" for line in printed.strip("\n").splitlines())
    return re.fullmatch(expression, text) is not None


class PageRunner:
    """Runs the blocks of one page in a folder.

    Args:
        folder: Where commands start and files are written.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._remembered = folder.parent / "remembered"
        self._environment = os.environ | {
            "PYTHONDONTWRITEBYTECODE": "1",  # so that a listing shows what people made
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "COLUMNS": "100",
            "NO_COLOR": "1",
        }
        self._module = ModuleType(_MODULE)
        self._source = ""
        self._printed = ""

    def run(self, block: Block) -> None:
        """Run a block, or compare what the last one printed.

        Raises:
            AssertionError: It did not do what the page shows.
        """
        if block.note.startswith("not run:"):
            return
        if block.note.startswith("file:"):
            path = self._folder / block.note.removeprefix("file:").strip()
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(block.body, encoding="utf-8")
        elif block.language == "python":
            self._run_python(block)
        elif block.language == "console":
            self._run_console(block)
        elif block.language == "text" and block.follows_directly and self._printed:
            assert matches(block.body, self._printed), difference(block.body, self._printed)

    def _run_python(self, block: Block) -> None:
        file = self._folder / f"{_MODULE}.py"
        padding = "\n" * self._source.count("\n")
        self._source += block.body
        file.write_text(self._source, encoding="utf-8")
        self._module.__file__ = str(file)
        sys.modules[_MODULE] = self._module
        code = compile(padding + block.body, str(file), "exec", dont_inherit=True)
        with contextlib.redirect_stdout(io.StringIO()) as printed, contextlib.chdir(self._folder):
            exec(code, self._module.__dict__)  # noqa: S102 - our own pages
        self._printed = printed.getvalue()

    def _run_console(self, block: Block) -> None:
        commands = list(read_commands(block.body))
        expected = int(block.note.removeprefix("exits ")) if block.note.startswith("exits ") else 0
        for command in commands:
            code, printed = self._run_command(command.text)
            wanted = expected if command is commands[-1] else 0
            assert code == wanted, f"$ {command.text}\nended with {code} and printed:\n{printed}"
            if command.printed is not None:
                assert matches(command.printed, printed), difference(command.printed, printed)
        self._printed = ""

    def _run_command(self, text: str) -> tuple[int, str]:
        script = f'{text}\ncode=$?\nenv -0 > "{self._remembered}"\nexit $code\n'
        done = subprocess.run(
            ["sh", "-c", script],
            cwd=self._folder,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=_TIMEOUT_SECONDS,
            check=False,
        )
        if self._remembered.exists():
            pairs = self._remembered.read_text(encoding="utf-8").split("\0")
            self._environment = dict(pair.split("=", 1) for pair in pairs if "=" in pair)
            self._folder = Path(self._environment["PWD"])
        return done.returncode, done.stdout


def difference(shown: str, printed: str) -> str:
    """Return both texts, one above the other."""
    return f"the page shows:\n{shown}\nbut this was printed:\n{printed}"
