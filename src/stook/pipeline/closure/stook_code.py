"""How Stook itself counts: its front door does not, since the algorithm's version stands for it; its rooms do."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Final

from blake3 import blake3

from stook.pipeline.closure.packages import Packages, is_installed
from stook.pipeline.closure.sights import Sights

__all__ = ["finder_version", "room_that_counts", "room_version"]

_PACKAGE: Final = Path(__file__).resolve().parents[2]
_ROOMS_THAT_COUNT: Final = frozenset({"checks", "ext", "frames", "scoring", "warehouse"})
_FOLDERS: Final = {"checks": "frames/checks"}


def room_that_counts(module: str, attribute: str) -> str:
    """Return the room of Stook whose version a use of it adds to a closure; empty where it adds nothing.

    Args:
        module: The module that is used, `stook` or below.
        attribute: The name that is taken from it.
    """
    path = [*module.split(".")[1:], attribute]
    if "/".join(path[:2]) == _FOLDERS["checks"]:
        return "checks"
    return path[0] if path[0] in _ROOMS_THAT_COUNT else ""


def room_version(room: str) -> str:
    """Return the installed version; in a checkout of Stook's source, with a digest of the room's files."""
    if is_installed(_PACKAGE.parent):
        return Packages(Sights({})).distribution_of("stook", _PACKAGE.parent)[1]
    return _checkout((_PACKAGE / _FOLDERS.get(room, room)).rglob("*.py"))


def finder_version() -> str:
    """Return what stands for the code that keeps facts of files and closures in the cache.

    In a checkout of Stook's source a digest of it, so that what an older form of it has kept is passed over; empty
    where Stook is installed, since the number of the facts' version stands for it there.
    """
    if is_installed(_PACKAGE.parent):
        return ""
    return _checkout(
        [
            *(_PACKAGE / "pipeline" / "closure").rglob("*.py"),
            *(_PACKAGE / "pipeline" / "deciding" / name for name in ("literals.py", "variables.py")),
        ]
    )


def _checkout(files: Iterable[Path]) -> str:
    hasher = blake3()
    for path in sorted(files):
        hasher.update(path.read_bytes())
    return f"checkout {hasher.hexdigest()[:16]}"
