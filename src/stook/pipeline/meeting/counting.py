"""Which files and folders on disk count for a task that opens them, and what they are called in its lineage."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import Final

__all__ = ["Counted", "counted_at"]

_STOOK: Final = str(Path(__file__).resolve().parents[2])
_SYSTEM: Final = (
    "/proc",
    "/sys",
    "/dev",
    "/etc",
    "/usr",
    "/bin",
    "/sbin",
    "/lib",
    "/lib64",
    "/run",
    "/var/lib",
)
_SHARED_MEMORY: Final = "/dev/shm/"  # noqa: S108 - files like any others, though among devices
_MAC: Final = ("/System", "/Library", "/opt/homebrew", "/private/etc", "/private/var/db")
_CACHES: Final = ("XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME")
_PARTS: Final = ("bin", "include", "pyvenv.cfg", "share")
_INSTALLED: Final = ("/site-packages/", "/dist-packages/", "/__pycache__/")


class Counted:
    """Tells files that a result may depend on from those of the machine, of Python and of Stook itself.

    Args:
        root: The workspace.
        ignored: Folders that never count: those of the store and its cache, of the run, of the task's own output.
    """

    def __init__(self, root: Path, ignored: Iterable[str] = ()) -> None:
        self.root = str(root)
        self._below = _below([self.root, os.path.realpath(self.root)])
        self._never = _below([*ignored, *map(os.path.realpath, ignored), _STOOK, *_python(root)])
        self._elsewhere = _below(_elsewhere())
        self._is_home = self.root == os.path.expanduser("~")

    def name_of(self, path: str) -> str | None:
        """Return what a file is called: from the workspace, else absolute; None where it does not count.

        Args:
            path: Absolute and normal.
        """
        inner = f"{path}/"
        if inner.startswith(self._never) or any(part in inner for part in _INSTALLED):
            return None
        for below in self._below:
            if inner.startswith(below) and not (self._is_home and _is_hidden_at_home(path)):
                return path[len(below) :] or "."
        if _is_hidden_at_home(path):
            return None
        return None if inner.startswith(self._elsewhere) and not inner.startswith(_SHARED_MEMORY) else path

    def place_of(self, name: str) -> str:
        """Return where a file of a name is; it may be anywhere, for a lineage may come from elsewhere."""
        return os.path.normpath(os.path.join(self.root, name))


@lru_cache(maxsize=64)
def counted_at(root: Path, ignored: tuple[str, ...]) -> Counted:
    """Return what counts in a workspace; worked out once."""
    return Counted(root, ignored)


def _below(folders: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(f"{folder.rstrip('/')}/" for folder in folders if folder))


def _python(root: Path) -> list[str]:
    """Return the folders of Python; never one that holds half of the machine, such as `/usr`, or the workspace."""
    # Not by `sysconfig`, which reads how Python was built; packages are left out by the names of their folders.
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    found = [os.path.dirname(os.__file__), os.path.join(sys.exec_prefix, sys.platlibdir, version)]
    if sys.prefix != sys.base_prefix:
        is_around = Path(os.path.realpath(root)).is_relative_to(os.path.realpath(sys.prefix))
        found += [os.path.join(sys.prefix, part) for part in _PARTS] if is_around else [sys.prefix]
    return [*found, *map(os.path.realpath, found)]


def _elsewhere() -> list[str]:
    caches = [os.environ.get(name, "") for name in _CACHES]
    return [*_SYSTEM, *(_MAC if sys.platform == "darwin" else ()), sys.base_prefix, *caches]


def _is_hidden_at_home(path: str) -> bool:
    home = f"{os.path.expanduser('~')}/"
    return path.startswith((f"{home}.", f"{home}Library/"))
