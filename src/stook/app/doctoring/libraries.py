"""The libraries that this installation of Stook says it needs, and those of its extras."""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib import metadata

from stook.app.doctoring.finding import Finding, Patient

__all__ = ["check_extras", "check_libraries"]

_NAME = re.compile(r"[A-Za-z0-9._-]+")
_EXTRA = re.compile(r"extra\s*==\s*['\"]([^'\"]+)['\"]")


def check_libraries(_patient: Patient, /) -> Iterator[Finding]:
    """Say which versions of its libraries are used; fail where one is missing."""
    needed = {name: _find_version(name) for name, extra in _requirements() if not extra}
    missing = sorted(name for name, version in needed.items() if version is None)
    if missing:
        message = f"not installed: {', '.join(missing)}"
        yield Finding.fail("libraries", message, "pip install --upgrade --force-reinstall stook")
    versions = ", ".join(f"{name} {version}" for name, version in sorted(needed.items()) if version)
    yield Finding.ok("libraries", f"stook {metadata.version('stook')}, {versions}")


def check_extras(_patient: Patient, /) -> Iterator[Finding]:
    """Say which extras are installed."""
    extras: dict[str, list[str]] = {}
    for name, extra in _requirements():
        if extra:
            extras.setdefault(extra, []).append(name)
    for extra, names in sorted(extras.items()):
        missing = sorted(name for name in names if _find_version(name) is None)
        label = f"extra {extra}"
        if missing:
            how = f"pip install 'stook[{extra}]' where it is needed"
            yield Finding.ok(label, f"not installed: {', '.join(missing)}; {how}")
        else:
            yield Finding.ok(label, ", ".join(f"{name} {_find_version(name)}" for name in sorted(names)))


def _requirements() -> list[tuple[str, str]]:
    """Return each required library with the extra that needs it; empty where Stook itself does."""
    found = []
    for line in metadata.requires("stook") or ():
        name, extra = _NAME.match(line), _EXTRA.search(line)
        if name and name[0] != "stook":
            found.append((name[0], extra[1] if extra else ""))
    return found


def _find_version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None
