"""The boundary to the user's code: whatever it raises becomes a TaskError with the user's own part of the traceback."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from types import TracebackType
from typing import Final, TypeVar

import msgspec

from stook.errors import (
    CheckError,
    InputError,
    IntegrityError,
    MissingExtraError,
    StookError,
    StorageError,
    TaskError,
)

__all__ = ["attempt", "user_code", "user_traceback"]

_Made = TypeVar("_Made")
_MOST_OF_GROUP: Final = 10
_STOOK = str(Path(__file__).resolve().parents[2])
# Packages that are not called as the module that they bring.
_PACKAGES: Final = {
    "PIL": "pillow",
    "bs4": "beautifulsoup4",
    "cv2": "opencv-python",
    "skimage": "scikit-image",
    "sklearn": "scikit-learn",
    "yaml": "pyyaml",
}


def user_code(task: str, failed: str, *, kind: str, hint: str) -> AbstractContextManager[None]:
    """Run the user's code within the block. KeyboardInterrupt passes; leaving by `sys.exit` is a failure.

    So is whatever else is raised, also what is derived from BaseException alone: it ends the task, and not the run.

    Args:
        task: The task or file, as facts name it.
        failed: What happened when it raises, such as `"… failed"`.
        kind: The kind of the error.
        hint: What to do, where the exception itself does not say.

    Raises:
        InputError, CheckError, MissingExtraError: The code raised one: its words say what the caller can do, whose
            mistake it is, and so it stays one. `facts["traceback"]` has the code's frames.
        TaskError: The code raised anything else. `facts["traceback"]` has its frames; `facts["cause"]` is there where
            data could not be read, and is the `kind` of that.
    """
    return _UserCode(task, failed, kind, hint)


class _UserCode(msgspec.Struct, frozen=True):
    task: str
    failed: str
    kind: str
    hint: str

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if error is None or isinstance(error, KeyboardInterrupt):
            return
        traced = user_traceback(error)
        if isinstance(error, InputError | CheckError | MissingExtraError):
            facts = {"task": self.task, **error.facts, "traceback": traced}
            raise type(error)(
                f"{self.task}: {error.message}", kind=error.kind, hint=error.hint, **facts
            ) from error
        raise TaskError(
            f"{self.failed}: {_describe(error)}",
            kind=self.kind,
            hint=_hint_of(error, self.task) or self.hint,
            task=self.task,
            traceback=traced,
            **({"cause": error.kind} if isinstance(error, IntegrityError | StorageError) else {}),
        ) from error


def attempt(make: Callable[[], _Made]) -> _Made | Exception:
    """Return what a piece of the user's code gives, such as a repr or an annotation; the exception where it raises."""
    try:
        return make()
    except Exception as error:  # noqa: BLE001 - it is the user's code
        return error


def _hint_of(error: BaseException, task: str) -> str:
    """Return what to do about an exception, where that can be told from it."""
    if isinstance(error, StookError):
        return error.hint
    name = (getattr(error, "name", "") or "").partition(".")[0]
    if isinstance(error, ModuleNotFoundError) and name and name not in sys.modules:
        if name == task.partition(":")[0].partition(".")[0]:
            return "see that the file of the task is where it was"
        return f"pip install {_PACKAGES.get(name, name)}, for {sys.executable}; or mend the import"
    if isinstance(error, ImportError) and "relative import" in str(error):
        return "name the file, stook run folder/file.py:TASK; its folder needs an __init__.py to be imported from"
    if "'Bundle'" in _words_of(error) or "bundle.Bundle'" in _words_of(error):
        return "an input without annotation is a bundle: write input.data, or annotate it, as in input: list"
    return ""


def _describe(error: BaseException) -> str:
    words = _words_of(error)
    return f"{type(error).__name__}: {words}" if words else type(error).__name__


def _words_of(error: BaseException) -> str:
    try:
        return " ".join(str(error).split())
    except BaseException:  # noqa: BLE001 - what an exception says is the user's code too
        return "it cannot say what"


def user_traceback(error: BaseException) -> str:
    """Return a traceback as Python prints it, with frames of the user's code, and the last one wherever it is."""
    import textwrap
    import traceback

    parts: list[str] = []
    seen: set[int] = set()
    current: BaseException | None = error
    while current is not None and id(current) not in seen:
        seen.add(id(current))
        frames = [traceback.FrameSummary(f, line, name) for f, line, name in _frames(current.__traceback__)]
        head = ["Traceback (most recent call last):\n"] if frames else []
        lines = [*head, *traceback.format_list(frames), *traceback.format_exception_only(current)]
        if isinstance(current, BaseExceptionGroup):
            inner = map(user_traceback, current.exceptions[:_MOST_OF_GROUP])
            lines += [textwrap.indent(f"{trace.rstrip()}\n", "  | ") for trace in inner]
        parts.insert(0, "".join(lines))
        current = current.__cause__ or (None if current.__suppress_context__ else current.__context__)
    return "\nThat led to:\n\n".join(parts)


def _frames(trace: TracebackType | None) -> list[tuple[str, int, str]]:
    frames = []
    while trace is not None:
        code = trace.tb_frame.f_code
        frames.append((code.co_filename, trace.tb_lineno, code.co_name))
        trace = trace.tb_next
    foreign = [frame for frame in frames if not frame[0].startswith((_STOOK, "<frozen"))]
    return [frame for frame in foreign if _is_users(frame[0]) or frame is foreign[-1]]


def _is_users(file: str) -> bool:
    path = Path(file)
    in_python = path.is_relative_to(Path(sys.base_prefix) / "lib") or path.is_relative_to(sys.prefix)
    return not in_python and "site-packages" not in path.parts and not file.startswith("<")
