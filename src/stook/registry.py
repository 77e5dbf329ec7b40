"""Names of things to modules that do them: the only place that imports by name.

Rooms that must not know each other meet here: the store asks for the codec of a kind, `connect` for the driver of a
scheme. Third parties add their own through the entry-point groups `stook.codecs` and `stook.storages`.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import Any

from stook.errors import NotFoundError

__all__ = ["codec", "find_codec_kind", "storage_opener"]

_CODECS = {
    "frame": "stook.frames.codec:CODEC",
    "array": "stook.ext.arrays:CODEC",
    "lightgbm": "stook.ext.lightgbm_models:CODEC",
    "sklearn": "stook.ext.sklearn_models:CODEC",
}
_KIND_OF_PACKAGE = {
    "pandas": "frame",
    "polars": "frame",
    "pyarrow": "frame",
    "duckdb": "frame",
    "numpy": "array",
    "lightgbm": "lightgbm",
    "sklearn": "sklearn",
}
_STORAGES = {
    "file": "stook.storage.folder:open_folder",
    "memory": "stook.storage.objects:open_memory",
    "s3": "stook.storage.s3:open_s3",
    "gs": "stook.storage.gcs:open_gcs",
    "az": "stook.storage.azure:open_azure",
}


def codec(kind: str) -> Any:
    """Return the codec of an item kind.

    Raises:
        NotFoundError: No installed package knows the kind.
    """
    return _load("stook.codecs", kind, _CODECS.get(kind), what="kind of data")


def find_codec_kind(value: object) -> str | None:
    """Return the item kind that stores `value`, or None where it is none that a codec knows."""
    for base in type(value).__mro__:
        kind = _KIND_OF_PACKAGE.get(base.__module__.partition(".")[0])
        if kind is not None:
            return kind
    return "frame" if hasattr(value, "__arrow_c_stream__") else None


def storage_opener(scheme: str) -> Any:
    """Return the function that opens a storage from a URL of this scheme.

    Raises:
        NotFoundError: No installed package knows the scheme.
    """
    return _load("stook.storages", scheme, _STORAGES.get(scheme), what="storage scheme")


@cache
def _load(group: str, name: str, builtin: str | None, *, what: str) -> Any:
    if builtin is not None:
        module, _, attribute = builtin.partition(":")
        return getattr(import_module(module), attribute)
    from importlib.metadata import entry_points  # takes longer than everything else here

    for point in entry_points(group=group, name=name):
        return point.load()
    raise NotFoundError(
        f"no installed package knows the {what} {name!r}",
        kind="unknown-plugin",
        hint="install the package that brought it, or upgrade stook",
    )
