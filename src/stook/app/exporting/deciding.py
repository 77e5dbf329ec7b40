"""Whether an export may go where it is to go: never over what is not an export, and over another only if told to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from stook.app.exporting.manifest import MANIFEST, UNFINISHED, Manifest, Unfinished
from stook.errors import ConflictError, InputError

__all__ = ["Found", "is_there_already"]

_SHOWN = 10


@dataclass(frozen=True, slots=True)
class Found:
    """What is at the place of an export.

    Attributes:
        url: The place.
        sizes: Bytes of each file, by its path.
        manifest: Of an export that is whole.
        unfinished: Of one that goes on, or broke off.
    """

    url: str
    sizes: Mapping[str, int]
    manifest: Manifest | None = None
    unfinished: Unfinished | None = None

    @property
    def own(self) -> set[str]:
        """Paths of all that is of an export, there or not."""
        known = set(self.manifest.sizes) if self.manifest else set()
        return known | set(self.unfinished.paths if self.unfinished else ())

    @property
    def files(self) -> dict[str, int]:
        """Bytes of each file but an export's own two."""
        return {path: size for path, size in self.sizes.items() if path not in {MANIFEST, UNFINISHED}}


def is_there_already(found: Found, wanted: Manifest, *, force: bool) -> bool:
    """Tell whether a place has the export that is wanted, whole.

    Args:
        found: What is there.
        wanted: The manifest of what is wanted, but for its files.
        force: Another export may be replaced, though someone be writing it now.

    Raises:
        ConflictError: There is another, be it whole or not finished, or this one with files changed, and `force` was
            not given.
        InputError: There is something that is of no export.
    """
    foreign = sorted(set(found.files) - found.own)
    if foreign or _is_foreign(found):
        raise _not_an_export(found, foreign or [MANIFEST])
    if found.unfinished and not force and not wanted.is_begun_in(found.unfinished):
        raise _unfinished(found)
    known = found.manifest
    if known is None:
        return False
    is_whole = known.sizes == found.files
    if is_whole and known.is_of(wanted):
        return True
    if not force:
        raise _taken(found, known, changed=known.is_of(wanted))
    return False


def _is_foreign(found: Found) -> bool:
    """Tell whether one of the two names is there, but not what we write under it."""
    is_there = (MANIFEST in found.sizes, UNFINISHED in found.sizes)
    return is_there != (found.manifest is not None, found.unfinished is not None)


def _not_an_export(found: Found, foreign: list[str]) -> InputError:
    more = f" and {len(foreign) - _SHOWN:,} more" if len(foreign) > _SHOWN else ""
    return InputError(
        f"{found.url} has files that are of no export: {', '.join(foreign[:_SHOWN]):.500}{more}",
        kind="not-an-export",
        hint="name a new folder or prefix, or take them away",
    )


def _unfinished(found: Found) -> ConflictError:
    return ConflictError(
        f"{found.url} has another export that is not finished: someone is at it, or it broke off",
        kind="export-unfinished",
        hint="once nobody is at it, --force replaces it; or name another place",
    )


def _taken(found: Found, known: Manifest, *, changed: bool) -> ConflictError:
    what = (
        "was changed since it was written"
        if changed
        else f"has an export of {known.ref:.300} as {known.format:.20}"
    )
    return ConflictError(
        f"{found.url} {what}",
        kind="export-exists",
        hint="--force replaces it, or name another place",
        ref=known.ref,
    )
