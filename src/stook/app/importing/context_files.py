"""A Disdat context in a folder, and one in a bucket."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import msgspec

from stook.app.importing.records import is_uuid
from stook.errors import InputError, NotFoundError
from stook.storage import Storage
from stook.storage.disk_errors import translate_os_errors
from stook.storage.fetch import open_url
from stook.storage.urls import redact
from stook.store.intake.content import Stream

__all__ = ["ABOUT", "OBJECTS", "BucketPlace", "FolderPlace"]

ABOUT = "ctxt.json"
OBJECTS = "objects"

_ABOUT_BYTES = 64 * 1024
_SUFFIX = "_hframe.pb"


@dataclass(frozen=True, slots=True)
class FolderPlace:
    """A context in a folder."""

    root: Path

    @property
    def url(self) -> str:
        """Where it is."""
        return str(self.root)

    @property
    def remote(self) -> str:
        """See `Place.remote`."""
        return _find_remote(self.root / ABOUT)

    def iter_uuids(self) -> Iterator[str]:
        """See `Place.iter_uuids`."""
        with translate_os_errors(self.root), os.scandir(self.root / OBJECTS) as found:
            for item in found:
                if is_uuid(item.name) and _may_be_bundle(item.path, item.name):
                    yield item.name

    def read(self, path: str, limit: int) -> bytes:
        """See `Place.read`."""
        place = self.file(path)
        try:
            with open(place, "rb") as file:
                if os.fstat(file.fileno()).st_size > limit:
                    raise InputError(f"its {path!r:.200} has more than {limit:,} bytes", kind="too-large")
                return file.read()
        except OSError as error:
            raise _unreadable(path, error) from error

    def file(self, path: str) -> Path:
        """Return a file's path, which no link may lead out of the bundle's own folder."""
        home = (self.root / OBJECTS).resolve() / path.partition("/")[0]
        try:
            real = (self.root / OBJECTS / path).resolve(strict=True)
            is_file = stat.S_ISREG(real.stat().st_mode)
        except (FileNotFoundError, NotADirectoryError) as error:
            raise _missing(path) from error
        except (OSError, RuntimeError) as error:
            raise _unreadable(path, error) from error
        if not real.is_relative_to(home) or not is_file:
            raise InputError(
                f"its {path!r:.200} is no file, or a link that leads out of the bundle",
                kind="hostile-path",
                hint="do not trust where this context came from",
            )
        return real


@dataclass(frozen=True, slots=True)
class BucketPlace:
    """A context below the prefix of a bucket."""

    storage: Storage

    @property
    def url(self) -> str:
        """Where it is."""
        return self.storage.url

    @property
    def remote(self) -> str:
        """See `Place.remote`."""
        return ""

    def iter_uuids(self) -> Iterator[str]:
        """See `Place.iter_uuids`."""
        for entry in self.storage.list(OBJECTS):
            parts = entry.key.split("/")
            if len(parts) == 3 and is_uuid(parts[1]) and parts[2] == f"{parts[1]}{_SUFFIX}":
                yield parts[1]

    def read(self, path: str, limit: int) -> bytes:
        """See `Place.read`."""
        try:
            return self.storage.get(f"{OBJECTS}/{path}", limit=limit).data
        except NotFoundError as error:
            raise _missing(path) from error

    def file(self, path: str) -> Stream:
        """See `Place.file`. Whether it is there is seen when it is opened."""
        url = f"{self.storage.url}/{OBJECTS}/{path}"
        return Stream(path.rpartition("/")[2], partial(open_url, url))


def _find_remote(about: Path) -> str:
    """Return the URL of the remote context that a local one is bound to, where it says one that can be shown."""
    try:
        with open(about, "rb") as file:
            known = msgspec.json.decode(file.read(_ABOUT_BYTES), type=dict[str, str | None])
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError):
        return ""
    url, name = known.get("remote_ctxt_url"), known.get("remote_ctxt")
    found = f"{url}/{name}" if url and name else ""
    return redact(found) if found.startswith("s3://") and found.isprintable() else ""


def _may_be_bundle(folder: str, uuid: str) -> bool:
    """Tell whether a folder has a bundle's description, or does not let that be seen; others were never finished."""
    try:
        os.stat(os.path.join(folder, f"{uuid}{_SUFFIX}"))
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError:
        return True  # reading it says what is wrong
    return True


def _unreadable(path: str, error: Exception) -> InputError:
    why = getattr(error, "strerror", None) or str(error)
    return InputError(
        f"its file {path!r:.200} cannot be read: {why}", kind="unreadable", hint="check its mode"
    )


def _missing(path: str) -> NotFoundError:
    return NotFoundError(
        f"its file {path.partition('/')[2]!r:.200} is not there",
        kind="missing-file",
        hint="import the context that has it, such as the remote one",
    )
