"""How Stook itself counts: its front door does not, since the algorithm's version stands for it; its rooms do."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from blake3 import blake3

from stook.pipeline.closure.packages import distribution_of, is_installed

__all__ = ["stook_version"]

_ROOMS_THAT_COUNT = frozenset({"ext", "frames", "scoring", "warehouse"})


def stook_version(module: str, attribute: str) -> tuple[str, str]:
    """Return the name and version that a use of Stook adds to a closure; empty where it adds nothing.

    Args:
        module: The module that is used, `stook` or below.
        attribute: The name that is taken from it.
    """
    room = [*module.split(".")[1:], attribute][0]
    if room not in _ROOMS_THAT_COUNT:
        return "", ""
    return f"stook.{room}", _version(room)


@lru_cache(maxsize=16)
def _version(room: str) -> str:
    """Return the installed version; in a checkout of Stook's source, with a digest of the room's files."""
    package = Path(__file__).resolve().parents[2]
    _, version = distribution_of("stook", package.parent)
    if is_installed(package.parent):
        return version
    hasher = blake3()
    for path in sorted((package / room).rglob("*.py")):
        hasher.update(path.read_bytes())
    return f"checkout {hasher.hexdigest()[:16]}"
