"""Where a Disdat context is: a folder, or a prefix of a bucket. Below both it is laid out alike.

objects/UUID/UUID_hframe.pb      the bundle
objects/UUID/FRAME_frame.pb      each column or value of it
objects/UUID/…                   its files
"""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Protocol

from stook.app.importing.context_files import ABOUT, OBJECTS, BucketPlace, FolderPlace
from stook.app.places import find_meant
from stook.errors import InputError
from stook.storage import open_storage
from stook.storage.disk_errors import translate_os_errors
from stook.storage.urls import find_scheme, local_path, redact
from stook.store.intake.content import Stream

__all__ = ["Place", "find_place"]

_LOOKED_AT = 10_000
_BUCKETS = re.compile(r"(?:gs|az)://|s3:(?!//)")
_CONTEXT = re.compile(rf"((?:context/)?[^/]+)/{OBJECTS}/")


class Place(Protocol):
    """A context. Paths begin at its `objects`."""

    @property
    def url(self) -> str:
        """Where it is, without credentials."""
        ...

    @property
    def remote(self) -> str:
        """Where Disdat keeps what is not here; empty where it does not say."""
        ...

    def iter_uuids(self) -> Iterator[str]:
        """Yield the id of each bundle, as far as the names of files say it."""
        ...

    def read(self, path: str, limit: int) -> bytes:
        """Return a file's bytes. Raises NotFoundError, and IntegrityError or InputError where it is larger."""
        ...

    def file(self, path: str) -> Path | Stream:
        """Return a file, to be kept. Raises NotFoundError, InputError where it is none of the context's."""
        ...


def find_place(given: str) -> Place:
    """Return the context at a path or URL.

    Raises:
        InputError: There is something else, or several contexts, which are named.
        NotFoundError: There is nothing.
        StorageError: It cannot be looked at.
    """
    if (meant := find_meant(given)) or _BUCKETS.match(given):
        raise _no_place_of_disdat(given, meant)
    scheme = find_scheme(given)
    if scheme == "s3":
        return _find_prefix(given)
    if scheme in {"http", "https"}:
        raise _not_a_context(redact(given), ())
    path = local_path(given) if scheme else Path(given).expanduser()
    return _find_folder(Path(os.path.abspath(path)))


def _no_place_of_disdat(given: str, meant: str) -> InputError:
    """Return the error for a bucket of another cloud, and for an address, which it says how to write where known."""
    known = meant.partition(" --")[0] if "s3://" in meant else "s3://BUCKET/PREFIX/context/NAME"
    return InputError(
        f"{redact(given)} is no place of Disdat's, which are folders and prefixes of S3's buckets",
        kind="bad-url",
        hint=f"stook import {known}",
    )


def _find_folder(path: Path) -> Place:
    if not path.is_dir():
        what = "is no folder" if path.exists() else "does not exist"
        raise InputError(
            f"{path} {what}, and a Disdat context is one",
            kind="no-such-folder",
            hint="stook import ~/.disdat/context/NAME",
        )
    if (path / OBJECTS).is_dir():
        return FolderPlace(path)
    if path.name == OBJECTS and (path.parent / ABOUT).exists():
        return FolderPlace(path.parent)
    with translate_os_errors(path):
        below = sorted(
            each.parent for each in (*path.glob(f"*/{OBJECTS}"), *path.glob(f"context/*/{OBJECTS}"))
        )
    raise _not_a_context(str(path), [str(each) for each in below])


def _find_prefix(given: str) -> Place:
    storage = open_storage(given.rstrip("/").removesuffix(f"/{OBJECTS}"))
    if next(storage.list(OBJECTS), None) is not None:
        return BucketPlace(storage)
    keys = (entry.key for entry in islice(storage.list(), _LOOKED_AT))
    below = sorted({found[1] for key in keys if (found := _CONTEXT.match(key))})
    raise _not_a_context(storage.url, [f"{storage.url}/{each}" for each in below])


def _not_a_context(place: str, below: list[str] | tuple[()]) -> InputError:
    if below:
        return InputError(
            f"{place} has Disdat contexts, and one is imported at a time: {', '.join(below):.1000}",
            kind="several-contexts",
            hint=f"stook import {shlex.quote(below[0])}",
        )
    return InputError(
        f"{place} is no Disdat context: it has no objects/",
        kind="not-a-context",
        hint=f"stook add NAME {shlex.quote(place)} keeps plain files",
    )
