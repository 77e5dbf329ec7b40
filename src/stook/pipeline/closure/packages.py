"""Versions of installed packages, read from the names of their metadata folders: no package is imported."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

__all__ = ["distribution_of", "is_installed"]

_INSTALLED = frozenset({"site-packages", "dist-packages"})

_KNOWN = {
    "bs4": "beautifulsoup4",
    "cv2": "opencv_python",
    "dateutil": "python_dateutil",
    "PIL": "pillow",
    "skimage": "scikit_image",
    "sklearn": "scikit_learn",
    "yaml": "pyyaml",
}


def distribution_of(package: str, folder: Path) -> tuple[str, str]:
    """Return the name and version of the distribution that installed a package.

    Args:
        package: The top-level name that is imported.
        folder: The `site-packages` that it is in.

    Returns:
        Name and version; the package's own name and `"?"` where no metadata names it.
    """
    installed = _installed(folder)
    for name in (package, _KNOWN.get(package, "")):
        if name and (found := installed.get(_normal(name))):
            return found
    return _owners(folder).get(package, (package, "?"))


def is_installed(path: Path) -> bool:
    """Tell whether a file or folder belongs to an installed package."""
    return not _INSTALLED.isdisjoint(path.parts)


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "_", name).lower()


@lru_cache(maxsize=64)
def _installed(folder: Path) -> dict[str, tuple[str, str]]:
    found = {}
    for entry in _metadata_folders(folder):
        name, _, rest = entry.name.partition("-")
        version = rest.removesuffix(".dist-info").partition(".egg-info")[0]
        found[_normal(name)] = name.replace("_", "-").lower(), version
    return found


@lru_cache(maxsize=64)
def _owners(folder: Path) -> dict[str, tuple[str, str]]:
    """Return the distribution of each top-level name, by the lists of installed files."""
    owners: dict[str, tuple[str, str]] = {}
    for entry in _metadata_folders(folder):
        distribution = _installed(folder)[_normal(entry.name.partition("-")[0])]
        for name in _top_names(entry):
            owners.setdefault(name, distribution)
    return owners


def _metadata_folders(folder: Path) -> Iterator[Path]:
    if folder.is_dir():
        yield from (path for path in folder.iterdir() if path.name.endswith((".dist-info", ".egg-info")))


def _top_names(metadata: Path) -> Iterator[str]:
    record = metadata / "RECORD"
    listed = metadata / "top_level.txt"
    if listed.is_file():
        yield from listed.read_text(encoding="utf-8", errors="replace").split()
    if record.is_file():
        for line in record.read_text(encoding="utf-8", errors="replace").splitlines():
            top = line.partition(",")[0].partition("/")[0]
            if not top.endswith((".dist-info", "..", "__pycache__")):
                yield top.partition(".")[0]
