"""Versions of installed packages, read from their metadata: no package is imported."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from stook.pipeline.closure.sights import Sights

__all__ = ["Packages", "is_installed"]

_INSTALLED = frozenset({"site-packages", "dist-packages"})
_METADATA = (".dist-info", ".egg-info")

_KNOWN = {
    "bs4": "beautifulsoup4",
    "cv2": "opencv_python",
    "dateutil": "python_dateutil",
    "PIL": "pillow",
    "skimage": "scikit_image",
    "sklearn": "scikit_learn",
    "yaml": "pyyaml",
}
_VERSION = rb"^Version:[ \t]*(\S+)"


def is_installed(path: Path) -> bool:
    """Tell whether a file or folder belongs to an installed package."""
    return not _INSTALLED.isdisjoint(path.parts)


class Packages:
    """What is installed, by folder. One for each run.

    Args:
        sights: Looks at files and folders.
    """

    def __init__(self, sights: Sights) -> None:
        self._sights = sights
        self._owners: dict[Path, dict[str, list[Path]]] = {}

    def distribution_of(self, package: str, folder: Path) -> tuple[str, str]:
        """Return the name and version of the distribution that installed a package.

        Args:
            package: The top-level name that is imported.
            folder: The `site-packages` that it is in.

        Returns:
            Name and version, of several that share the package all; the package's own name and `"?"` where no
            metadata names it.
        """
        installed = {_normal(entry.name.partition("-")[0]): entry for entry in self._metadata_folders(folder)}
        for name in (package, _KNOWN.get(package, "")):
            if name and (found := installed.get(_normal(name))):
                return self._describe(found)
        owners = [self._describe(owner) for owner in self._owners_in(folder).get(package, ())]
        if len(owners) > 1:
            return package, ", ".join(f"{name} {version}" for name, version in owners)
        return owners[0] if owners else (package, "?")

    def all_in(self, folder: Path) -> Iterator[tuple[str, str]]:
        """Yield name and version of each distribution in a `site-packages`."""
        yield from map(self._describe, self._metadata_folders(folder))

    def _describe(self, metadata: Path) -> tuple[str, str]:
        """Return name and version, as the metadata says and, where that is silent, as its folder is named."""
        name, _, rest = metadata.name.partition("-")
        version = rest.removesuffix(".dist-info").partition(".egg-info")[0]
        for file in ("METADATA", "PKG-INFO"):
            if file in self._sights.listing(str(metadata)):
                found = re.search(_VERSION, self._sights.read(metadata / file) or b"", re.MULTILINE)
                version = found[1].decode(errors="replace") if found else version
        return name.replace("_", "-").lower(), version

    def _metadata_folders(self, folder: Path) -> Iterator[Path]:
        for name in sorted(self._sights.listing(str(folder))):
            if name.endswith(_METADATA):
                yield folder / name

    def _owners_in(self, folder: Path) -> dict[str, list[Path]]:
        """Return the metadata of each top-level name, by the lists of installed files."""
        if folder not in self._owners:
            owners = self._owners[folder] = {}
            for entry in self._metadata_folders(folder):
                for name in set(self._top_names(entry)):
                    owners.setdefault(name, []).append(entry)
        return self._owners[folder]

    def _top_names(self, metadata: Path) -> Iterator[str]:
        names = self._sights.listing(str(metadata))
        if "top_level.txt" in names:
            listed = self._sights.read(metadata / "top_level.txt") or b""
            yield from listed.decode("utf-8", "replace").split()
        if "RECORD" in names:
            record = self._sights.read(metadata / "RECORD") or b""
            for line in record.decode("utf-8", "replace").splitlines():
                top = line.partition(",")[0].partition("/")[0]
                if not top.endswith((".dist-info", "..", "__pycache__")):
                    yield top.partition(".")[0]


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "_", name).lower()
