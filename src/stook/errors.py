"""The whole error tree: one root, and one class for each thing a caller can do about it.

`kind` names the exact cause and is append-only; programs may rely on it. The message says what happened and to
which thing; `hint` is the next command to type or the change to make.
"""

from __future__ import annotations

from typing import ClassVar

__all__ = [
    "CheckError",
    "ConflictError",
    "FormatError",
    "InputError",
    "IntegrityError",
    "MissingExtraError",
    "NotFoundError",
    "StookError",
    "StorageError",
    "TaskError",
]


class StookError(Exception):
    """The root of every error that Stook raises on purpose.

    Args:
        message: What happened, and to which thing.
        kind: A short, stable name of the cause, such as `"bundle-not-found"`.
        hint: The next command to type, or the change to make.
        facts: What a program may want to know about it; plain values only, never a secret.
    """

    exit_code: ClassVar[int] = 70

    def __init__(self, message: str, *, kind: str = "bug", hint: str = "", **facts: object) -> None:
        super().__init__(message)
        self.message = message
        self.kind = kind
        self.hint = hint
        self.facts = facts
        if hint:
            self.add_note(f"try: {hint}")  # which tracebacks show

    def __reduce__(self) -> tuple[object, ...]:
        return _revive, (type(self), self.message, self.kind, self.hint, self.facts)

    def _render_traceback_(self) -> list[str]:
        """Return what IPython shows of it: frames of the user's code, those of a task that failed, and the words."""
        import os
        import sys
        import traceback

        libraries = (os.path.dirname(__file__), sys.prefix, sys.base_prefix)
        frames = [
            one for one in traceback.extract_tb(self.__traceback__) if not one.filename.startswith(libraries)
        ]
        of_task = self.facts.get("traceback")
        lines = [*traceback.format_list(frames), of_task if isinstance(of_task, str) else ""]
        lines += [f"{type(self).__name__}: {self.message}", *getattr(self, "__notes__", ())]
        return [line.rstrip("\n") for line in lines if line]


class TaskError(StookError):
    """A task or a job failed: mend the code that it runs."""

    exit_code = 1


class InputError(StookError):
    """Something given was wrong, a flag, a file, a setting: give it again, corrected."""

    exit_code = 2


class CheckError(StookError):
    """A check or a gate said no: look at the data."""

    exit_code = 3


class NotFoundError(StookError):
    """There is no such thing: look for its right name."""

    exit_code = 4


class IntegrityError(StookError):
    """Bytes are not what they were when written: restore them from another copy."""

    exit_code = 5


class FormatError(IntegrityError):
    """Bytes are not of a format that this version reads: upgrade, or point at the right place."""


class StorageError(StookError):
    """A disk, a bucket or a credential failed: mend it and try again."""

    exit_code = 6


class ConflictError(StookError):
    """Someone else was first: look at what is there now, and decide again."""

    exit_code = 7


class MissingExtraError(StookError):
    """An optional library is not installed: install the extra that the hint names."""

    exit_code = 8


def _revive(
    cls: type[StookError], message: str, kind: str, hint: str, facts: dict[str, object]
) -> StookError:
    return cls(message, kind=kind, hint=hint, **facts)
