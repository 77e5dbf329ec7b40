"""Files from URLs, read as streams: `s3://`, `https://`, `http://`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import BinaryIO

from stook.storage.urls import check_web_url, find_scheme, split_bucket

__all__ = ["Remote", "list_folder", "open_url"]


@dataclass(frozen=True, slots=True)
class Remote:
    """An object below a folder of a bucket: its path from there, its URL, and its bytes."""

    path: str
    url: str
    size: int


def list_folder(url: str) -> list[Remote]:
    """Return the objects below an `s3://bucket/prefix/`, sorted; none where there is nothing.

    Empty objects that stand for a folder, which some consoles make, are left out where the folder has something in it.

    Raises:
        StorageError: The bucket cannot be reached, or refuses.
    """
    import obstore

    from stook.storage.object_errors import translate_object_errors
    from stook.storage.s3 import connect_s3

    bucket, prefix = split_bucket(url)
    with translate_object_errors(url):
        batches = obstore.list(connect_s3(bucket), prefix=prefix or None)
        sizes = {entry["path"]: entry["size"] for batch in batches for entry in batch}
    folders = {"/".join(key.split("/")[:end]) for key in sizes for end in range(1, key.count("/") + 1)}
    return [
        Remote(key.removeprefix(prefix), f"s3://{bucket}/{key}", size)
        for key, size in sorted(sizes.items())
        if key.startswith(prefix) and (size or key not in folders)
    ]


@contextmanager
def open_url(url: str) -> Iterator[BinaryIO]:
    """Open what an `s3://`, `https://` or `http://` URL names, to be read once from its start.

    Credentials of a bucket come from the environment and the machine, as AWS's own tools have them; those of a web
    server may be in the URL.

    Raises:
        NotFoundError: There is nothing.
        StorageError: It cannot be reached, refuses, or stalls. The same may come from reading.
        InputError: The URL makes no sense.
    """
    if find_scheme(url) == "s3":
        from stook.storage.fetch_objects import open_object

        with open_object(*split_bucket(url)) as stream:
            yield stream
        return
    check_web_url(url)
    from stook.storage.fetch_web import open_web

    with open_web(url) as stream:
        yield stream
