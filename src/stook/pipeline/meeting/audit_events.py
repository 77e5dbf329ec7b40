"""What events of Python's audit hook tell an observer: which file is opened, made, changed or moved."""

from __future__ import annotations

import os
from collections.abc import Callable
from types import FrameType
from typing import Any, Final, TypeAlias

from stook.pipeline.meeting.bystander import Bystander
from stook.pipeline.meeting.observation import Observation

__all__ = ["EVENTS", "Observer", "is_of_python"]

Observer: TypeAlias = Observation | Bystander
_LOOKING: Final = ("/importlib/", "/importlib_metadata/", "/pkg_resources/", "/pkgutil.py")


def is_of_python(frame: FrameType, event: str, args: tuple[Any, ...]) -> bool:
    """Tell whether it is Python that looks for a module, shows a line of source, or removes a folder with all in it."""
    file = frame.f_code.co_filename
    path = args[0]
    if file.startswith(("<frozen importlib", "<frozen zipimport")):
        # A loader also hands out files of a package that are no code.
        return (
            event != "open"
            or str(path).endswith((".py", ".pyc", ".zip", ".egg", ".whl"))
            or ".pyc." in str(path)
        )
    if any(part in file for part in _LOOKING):
        return True
    if file.endswith("shutil.py") and "rmtree" in frame.f_code.co_name:
        return True
    if event != "open" or not isinstance(path, str) or not path.endswith((".py", ".pyc")):
        return False
    above: FrameType | None = frame
    for _ in range(8):
        if above is None or above.f_code.co_name == "<module>":
            break  # a module that is being imported reads it, as it may any other file
        if above.f_code.co_filename.startswith("<frozen importlib"):
            return True
        if above.f_code.co_filename.endswith(("/linecache.py", "/inspect.py")):
            return True
        above = above.f_back
    return False


def _path(given: Any) -> str:
    """Return an absolute path. Raises TypeError where it is a number, of a file that is open already."""
    text = os.fsdecode(given)
    return os.path.normpath(text if text.startswith("/") else os.path.join(os.getcwd(), text))


def _folder(given: Any) -> str:
    if isinstance(given, int):
        return os.readlink(f"/proc/self/fd/{given}")
    return os.getcwd() if given is None else _path(given)


def _opened(observer: Observer, args: tuple[Any, ...]) -> None:
    observer.on_open(_path(args[0]), args[2])


def _moved(observer: Observer, args: tuple[Any, ...]) -> None:
    observer.on_move(_path(args[0]), _path(args[1]))


def _connected(observer: Observer, args: tuple[Any, ...]) -> None:
    name = os.fsdecode(args[0])
    if name.startswith("file:"):
        name = name.removeprefix("file:").partition("?")[0]
    if name and name != ":memory:":
        observer.on_connect(_path(name))


EVENTS: Final[dict[str, Callable[[Observer, tuple[Any, ...]], None]]] = {
    "open": _opened,
    "os.listdir": lambda observer, args: observer.note(_folder(args[0])),
    "os.scandir": lambda observer, args: observer.note(_folder(args[0])),
    "os.mkdir": lambda observer, args: observer.on_make_folder(_path(args[0])),
    "os.rename": _moved,
    "os.truncate": lambda observer, args: observer.on_alter(_path(args[0])),
    "sqlite3.connect": _connected,
}
