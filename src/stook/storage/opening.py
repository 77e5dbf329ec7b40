"""From a path or URL to the storage there."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from stook import registry
from stook.errors import InputError
from stook.storage.protocol import Storage

__all__ = ["open_storage"]

# Two letters at least, so that a drive's letter is none.
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+):")


def open_storage(url_or_path: str, *, options: Mapping[str, str] | None = None) -> Storage:
    """Open the storage at a path or URL. Nothing is read or written yet.

    Args:
        url_or_path: A folder (`/data/store`, `~/store`, `file:///data/store`), `s3://bucket/prefix`, `memory:` (a new,
            empty one each time), or a URL of a scheme that an installed package brought. A folder whose name holds a
            colon is written `./name`.
        options: Settings of that scheme, such as `endpoint` and `region` of S3. Never part of the storage's `url`.

    Raises:
        InputError: The URL or an option makes no sense.
        NotFoundError: No installed package knows the scheme.
    """
    if not url_or_path:
        raise InputError(
            "no path or URL of a storage was given", kind="bad-url", hint="give one such as ./store"
        )
    match = _SCHEME.match(url_or_path)
    scheme = match[1].lower() if match else "file"
    url = url_or_path if match else Path(url_or_path).expanduser().absolute().as_uri()
    storage: Storage = registry.storage_opener(scheme)(url, options or {})
    return storage
