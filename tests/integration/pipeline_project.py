"""A small project on disk that is edited and run again, each time as a fresh process would."""

from __future__ import annotations

import sys
import textwrap
from dataclasses import dataclass
from pathlib import Path

from stook.pipeline import RunResult, load_task, parse_task, run
from stook.store import Store, open_store


@dataclass(frozen=True)
class Project:
    """A folder of Python files, and a store beside it."""

    folder: Path

    @property
    def store(self) -> Store:
        """The store."""
        return open_store(self.folder / "store")

    def write(self, files: dict[str, str]) -> None:
        """Write files; folders are made."""
        for name, text in files.items():
            path = self.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(textwrap.dedent(text).lstrip("\n"), encoding="utf-8")

    def replace(self, file: str, old: str, new: str) -> None:
        """Replace a passage that a file must have, wherever it is."""
        path = self.folder / file
        text = path.read_text(encoding="utf-8")
        assert old in text, f"{old!r} is not in {file}"
        path.write_text(text.replace(old, new), encoding="utf-8")

    def run(self, target: str, params: dict[str, str] | None = None) -> RunResult:
        """Load a task anew and run it."""
        self.forget()
        task = load_task(target, folder=self.folder)
        return run(parse_task(task, params or {}), store=self.store)

    def ran(self, target: str, params: dict[str, str] | None = None) -> set[str]:
        """Run a task and return the names of those that were not reused."""
        return {step.name for step in self.run(target, params).steps if step.decision == "ran"}

    def forget(self) -> None:
        """Forget the modules of the project, as a new process has not imported them."""
        for name, module in list(sys.modules.items()):
            file = getattr(module, "__file__", None) or next(iter(getattr(module, "__path__", [])), "")
            if file and Path(file).is_relative_to(self.folder):
                del sys.modules[name]
