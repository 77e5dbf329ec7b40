"""URLs of files as text: what they name, and how they are shown.

A URL may carry secrets, as user and password or in its query. Errors, and all that is kept, have it by `redact`.
"""

from __future__ import annotations

import posixpath
import re
from pathlib import Path
from urllib.parse import unquote, urljoin, urlsplit

from stook.errors import InputError

__all__ = [
    "check_web_url",
    "find_scheme",
    "folder_of",
    "join_url",
    "local_path",
    "redact",
    "split_bucket",
    "url_parts",
]

# Two letters at least, so that a drive's letter is none.
_SCHEME = r"([A-Za-z][A-Za-z0-9+.-]+)://"
# It may become a part of a server's name, so what could end that is no bucket.
_BUCKET = r"[\w.$-]+"
_FETCHED = ("s3", "https", "http", "file")


def find_scheme(text: str) -> str:
    """Return the scheme of a URL in lower case; empty where the text is a path.

    Raises:
        InputError: It is a URL of a scheme from which nothing can be fetched.
    """
    match = re.match(_SCHEME, text)
    if match is None:
        return ""
    scheme = match[1].lower()
    if scheme not in _FETCHED:
        raise InputError(
            f"nothing can be fetched from {redact(text)}",
            kind="unknown-scheme",
            hint="give a path, or a URL that begins with s3://, https://, http:// or file://",
        )
    return scheme


def redact(url: str) -> str:
    """Return a URL without user, password, query and fragment; a path as it is."""
    if re.match(_SCHEME, url) is None:
        return url
    scheme, _, rest = url.partition("://")
    place = re.split(r"[?#]", rest, maxsplit=1)[0]
    host, slash, path = place.partition("/")
    return f"{scheme}://{host.rpartition('@')[2]}{slash}{path}"


def local_path(url: str) -> Path:
    """Return the path that a `file://` URL names.

    Raises:
        InputError: It names another machine, or no path.
    """
    parts = urlsplit(url)
    path = unquote(parts.path)
    if parts.netloc not in {"", "localhost"} or not path.startswith("/") or "\0" in path:
        raise InputError(
            f"{redact(url)!r} names no file or folder of this machine",
            kind="bad-url",
            hint="write file:///folder/name",
        )
    return Path(path)


def url_parts(url: str) -> tuple[str, ...]:
    """Return the host or bucket, and the parts of the path, as people read them.

    Raises:
        InputError: There is no host, or credentials or a query where they cannot be.
    """
    if find_scheme(url) == "s3":
        bucket, key = split_bucket(url)
        return (bucket, *(part for part in key.split("/") if part))
    host, path = _host_and_path(url)
    return (host, *(part for part in unquote(path).split("/") if part))


def folder_of(url: str) -> str:
    """Return the URL that relative links in a file start from: what is before its name, credentials included."""
    return re.split(r"[?#]", url, maxsplit=1)[0].rpartition("/")[0] + "/"


def join_url(folder: str, relative: str) -> str:
    """Return the URL of what a relative link means, from a folder's URL that ends with `/`.

    Raises:
        InputError: It leads out of the bucket.
    """
    if find_scheme(folder) != "s3":
        return urljoin(folder, relative)
    bucket, key = split_bucket(folder)
    joined = posixpath.normpath(posixpath.join(key, relative))
    if joined == ".." or joined.startswith("../"):
        raise InputError(
            f"{relative!r:.200} leads out of the bucket {bucket}", kind="bad-link", hint="write the whole URL"
        )
    return f"s3://{bucket}/{joined}"


def split_bucket(url: str) -> tuple[str, str]:
    """Return the bucket or container, and the key, of an `s3://`, `gs://` or `az://` URL, letter by letter.

    Raises:
        InputError: There is no bucket, or there are credentials or a query.
    """
    scheme, slashes, rest = url.partition("://")
    if not slashes:
        scheme, _, path = redact(url).partition(":")
        raise InputError(
            f"{redact(url)} is no URL of a bucket: it lacks the slashes",
            kind="bad-url",
            hint=f"write {scheme[:10]}://{path.lstrip('/') or 'bucket/key'}",
        )
    bucket, _, key = rest.partition("/")
    if not re.fullmatch(_BUCKET, bucket) or re.search(r"[?#]", rest):
        raise InputError(
            f"{redact(url)} must name a bucket, and hold neither credentials nor a query",
            kind="bad-url",
            hint=f"write {scheme[:10]}://bucket/key, and give credentials in the environment",
        )
    return bucket, key


def check_web_url(url: str) -> None:
    """Check that an `http://` or `https://` URL can be asked for.

    Raises:
        InputError: It cannot.
    """
    _host_and_path(url)


def _host_and_path(url: str) -> tuple[str, str]:
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port, parts = None, None, urlsplit("")
    if not host or re.search(r"[\x00-\x1f\x7f]", url):
        raise InputError(
            f"{redact(url)!r} is no URL of a file", kind="bad-url", hint="write https://host/path"
        )
    return (f"{host}:{port}" if port else host), parts.path
