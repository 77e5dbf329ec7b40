"""What one edit is: a small project, what is changed in it, and the tasks that have to run again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

__all__ = ["HIT", "NONE", "Edit", "edit"]

HIT = frozenset({"hit", "below"})
NONE: frozenset[str] = frozenset()

PIPELINE = """\
import stook
import other
{head}

class Hit(stook.Task):
    def run(self):
        return {hit}


class Below(stook.Task):
    def requires(self):
        return Hit()

    def run(self, hit):
        return [hit.data, 1]


class Everything(stook.Task):
    def requires(self):
        return [Hit(), Below(), other.Miss()]

    def run(self, *results):
        return len(results)
"""
OTHER = "import stook\n\n\nclass Miss(stook.Task):\n    def run(self):\n        return 'missed'\n"


@dataclass(frozen=True)
class Edit:
    """One row of the suite.

    Attributes:
        name: What it is called.
        row: The row of the table in `docs/reference/fingerprint.md` that says what it does.
        before: The project's files.
        changes: By file: what is replaced by what; None for the old text makes a new file, for the new one removes it.
        runs: Names of the outputs of all tasks that have to run again, but for `everything`.
        needless: Why tasks run again although their results stay the same; empty where results differ.
    """

    name: str
    row: str
    before: Mapping[str, str]
    changes: Mapping[str, tuple[str | None, str | None]]
    runs: frozenset[str] = HIT
    needless: str = ""
    environment: Mapping[str, str] = field(default_factory=dict)

    def after(self) -> dict[str, str | None]:
        """Return the text of each changed file after the edit; None for one that is removed."""
        return {file: self._change(file, *change) for file, change in self.changes.items()}

    def _change(self, file: str, old: str | None, new: str | None) -> str | None:
        if old is None or new is None:
            return new
        text = self.before[file]
        if text.count(old) < 1:
            raise ValueError(f"{self.name}: {file} has no {old!r}")
        return text.replace(old, new)


def edit(
    row: str,
    name: str,
    hit: str,
    change: tuple[str, str] | Mapping[str, tuple[str | None, str | None]],
    *,
    lib: str = "",
    head: str = "import lib",
    files: Mapping[str, str] | None = None,
    runs: frozenset[str] = HIT,
    needless: str = "",
) -> Edit:
    """Return an edit of a project whose task `Hit` returns an expression.

    Args:
        row: The row of the documentation's table.
        name: What it is called.
        hit: The expression.
        change: What is replaced in `lib.py` by what; or by file.
        lib: The text of `lib.py`.
        head: Statements at the top of `pipeline.py`.
        files: More files, or others for the same names.
        runs: Outputs of the tasks that have to run again.
        needless: Why they run again although results stay the same.
    """
    before = {
        "stook.toml": "",
        "pipeline.py": PIPELINE.replace("{head}", head).replace("{hit}", hit),
        "other.py": OTHER,
        "lib.py": lib,
        **(files or {}),
    }
    changes = change if isinstance(change, Mapping) else {"lib.py": change}
    return Edit(name, row, before, changes, runs, needless)
