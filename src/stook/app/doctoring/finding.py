"""What a check says, and what it is given to look at."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from stook.config import Config
from stook.errors import IntegrityError, StorageError
from stook.store import Store

__all__ = ["Check", "Finding", "Patient", "State"]

State = Literal["ok", "warn", "fail"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of a diagnosis.

    Attributes:
        check: What was looked at, in a word or two.
        state: Whether it is well.
        message: What was seen.
        hint: What to do; empty where nothing needs doing.
        exit_code: With which a command ends because of it, where it failed.
    """

    check: str
    state: State
    message: str
    hint: str = ""
    exit_code: int = 0

    @classmethod
    def ok(cls, check: str, message: str) -> Finding:
        """All is well."""
        return cls(check, "ok", message)

    @classmethod
    def warn(cls, check: str, message: str, hint: str) -> Finding:
        """Something should be looked at."""
        return cls(check, "warn", message, hint)

    @classmethod
    def fail(cls, check: str, message: str, hint: str, *, damage: bool = False) -> Finding:
        """Something does not work, or, with `damage`, data is not what it was."""
        code = IntegrityError.exit_code if damage else StorageError.exit_code
        return cls(check, "fail", message, hint, code)


@dataclass(frozen=True, slots=True)
class Patient:
    """What checks look at.

    Attributes:
        config: The settings that hold here.
        store: The home store; None where there is none yet, or where it cannot be opened.
        folder: The store's folder; None where it is no folder.
    """

    config: Config
    store: Store | None
    folder: Path | None


Check = Callable[[Patient], Iterator[Finding]]
"""One question. It yields nothing where it does not apply; what it raises is a finding too."""
