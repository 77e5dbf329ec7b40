"""Ask every question. A new check is a function that yields findings, and a line in `CHECKS`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from stook.app.doctoring import damage, libraries, machine, places
from stook.app.doctoring.finding import Check, Finding, Patient
from stook.config import load_config
from stook.errors import IntegrityError, StookError
from stook.format.repository import KEY
from stook.store import open_store

__all__ = ["CHECKS", "examine"]

CHECKS: tuple[Check, ...] = (
    machine.check_python,
    machine.check_terminal,
    libraries.check_libraries,
    libraries.check_extras,
    places.check_space,
    places.check_file_system,
    places.check_writing,
    places.check_locks,
    places.check_format,
    places.check_catalog,
    places.check_clock,
    places.check_cache,
    damage.check_known_damage,
    damage.check_torn_pieces,
    damage.check_quarantine,
    damage.check_condemned,
    damage.check_temporary_files,
)


def examine(context: str | None = None) -> Iterator[Finding]:
    """Look at this machine, and at the home store if there is one; nothing is made or changed.

    Args:
        context: The line of bundles; the workspace's where not given.

    Raises:
        InputError: A file of settings cannot be read.
    """
    config = load_config(flags={"context": context})
    store, finding = None, _no_store(config.store.value)
    if finding is None:
        try:
            store = open_store(context=context)
        except StookError as error:
            finding = _cannot_open(error)
        else:
            finding = Finding.ok("store", f"{store.repository.url} is open, as set by {config.store.origin}")
    yield finding
    folder = _folder(config.store.value)
    patient = Patient(config, store, folder if folder is not None and folder.is_dir() else None)
    for check in CHECKS:
        try:
            yield from check(patient)
        except (StookError, OSError) as error:
            label = getattr(check, "__name__", "a check").removeprefix("check_").replace("_", " ")
            yield Finding.fail(
                label, f"this could not be looked at: {error}", "see what is said of the store above"
            )


def _no_store(place: str) -> Finding | None:
    folder = _folder(place)
    if folder is None or (folder / KEY).exists():
        return None
    if folder.is_dir() and any(not path.name.startswith(".") for path in folder.iterdir()):
        return None
    return Finding.ok("store", f"there is none at {folder} yet; the first stook add makes it")


def _cannot_open(error: StookError) -> Finding:
    hint = error.hint or "see that the place is right: stook config --origin"
    return Finding.fail("store", error.message, hint, damage=isinstance(error, IntegrityError))


def _folder(place: str) -> Path | None:
    if place.startswith("file://"):
        return Path(place.removeprefix("file://"))
    return None if ":" in place.partition("/")[0] else Path(place).expanduser()
