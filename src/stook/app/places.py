"""Places that bundles are shared through, as people type them."""

from __future__ import annotations

import os
import re
import shlex
from urllib.parse import parse_qs, unquote, urlsplit

from stook import registry
from stook.errors import InputError, NotFoundError
from stook.storage.urls import redact

__all__ = ["ADD", "check_address", "check_place", "find_meant"]

ADD = "stook remote add"
_REST = r"(?:/(?P<key>.*))?"
_IN_AMAZON = r"s3(?:[.-](?P<region>[a-z]+-[a-z-]+-\d))?\.amazonaws\.com(?:/(?P<path>.*))?"
# Addresses that browsers show and clouds' own tools print, and the scheme of what they are in.
_KNOWN = tuple(
    (re.compile(pattern), scheme)
    for pattern, scheme in (
        (rf"(?:[a-z0-9-]+\.)?console\.aws\.amazon\.com/s3/(?:buckets|object)/(?P<bucket>[^/]+){_REST}", "s3"),
        (rf"(?:(?P<host>.+)\.)?{_IN_AMAZON}", "s3"),
        (rf"(?:storage\.googleapis|storage\.cloud\.google)\.com/(?P<bucket>[^/]+){_REST}", "gs"),
        (rf"console\.cloud\.google\.com/storage/browser/(?P<bucket>[^/;]+){_REST}", "gs"),
        (rf"(?P<account>[a-z0-9]+)\.(?:blob|dfs)\.core\.windows\.net/(?P<bucket>[^/]+){_REST}", "az"),
    )
)
# What other tools call the schemes.
_SCHEMES = {"s3a": "s3", "s3n": "s3", "gcs": "gs", "azure": "az"}
_AZURE = re.compile(r"(?:abfss?|wasbs?)://(?P<bucket>[^@/]+)@(?P<account>[^./]+)\.[^/]+/?(?P<key>.*)")
_ARN = re.compile(r"arn:aws[a-z-]*:s3:::(?P<place>[^/]+.*)")
_ELSEWHERE = re.compile(
    r"(?:(?:ssh|sftp|scp|ftps?|smb|cifs|nfs|rsync|davs?)://|[\w.-]+@[\w.-]+:)", re.IGNORECASE
)
# Drives and shares of Windows, which elsewhere would be odd names of new folders.
_WINDOWS = re.compile(r"(?:[A-Za-z]:[\\/]|\\\\)")
_SCHEME = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]+):(?P<slashes>//)?")
_BARE = re.compile(r"[^./~\\:][^\\:]*")


def check_place(url: str, command: str) -> None:
    """Refuse what is meant as a place and is none: the address of a server or page, or a mere name.

    Args:
        url: What was typed.
        command: What it was typed after, such as `stook clone`.

    Raises:
        InputError: It is one of these.
    """
    check_address(url, command)
    if _BARE.fullmatch(url) and not os.path.exists(url.partition("/")[0]):
        raise _no_folder(url, command)


def check_address(url: str, command: str) -> None:
    """Refuse the address of a server or page, and what other tools call a place; a mere name may be a new folder's.

    Args:
        url: What was typed.
        command: What it was typed after, such as `stook export NAME`.

    Raises:
        InputError: It is one of these.
    """
    if not url.strip():
        raise _no_place("no path or URL of a place was given", f"{command} s3://BUCKET/PREFIX, or a folder")
    if os.path.exists(os.path.expanduser(url)):
        return
    if re.match(r"https?://", url):
        raise _server(url, command)
    if other := _other_words(url):
        raise _no_place(f"{redact(url)} is no place as stook writes it", f"{command} {other}")
    unknown = _find_unknown(url)
    if _ELSEWHERE.match(url) or _WINDOWS.match(url) or (unknown and not unknown["slashes"]):
        raise _no_place(
            f"{redact(url)} is no bucket and no folder of this machine",
            f"mount it, and name the folder: {command} /mnt/FOLDER",
        )
    if unknown:
        raise _no_place(
            f"{redact(url)} is no place that stook knows: no installed package brings {unknown['scheme']}://",
            f"{command} s3://BUCKET/PREFIX, or gs://, az:// or a folder",
        )


def find_meant(url: str) -> str:
    """Return the words for the place that an address of the web means, or what other tools write; empty where none."""
    return _find_known(url) if re.match(r"https?://", url) else _other_words(url)


def _find_unknown(url: str) -> re.Match[str] | None:
    """Return the scheme, or the host before a path on it, where no storage is of that name; None where one is."""
    found = _SCHEME.match(url)
    if found is None:
        return None
    try:
        registry.storage_opener(found["scheme"].lower())
    except NotFoundError:
        return found
    return None


def _server(url: str, command: str) -> InputError:
    place = _find_known(url)
    if place:
        return _no_place(f"{redact(url)} is an address of the web, not a place", f"{command} {place}")
    return _no_place(
        f"{redact(url)} is a server, not a place in one",
        f"where it speaks S3's protocol: {command} {_at_endpoint(url)}",
    )


def _no_folder(url: str, command: str) -> InputError:
    word, first = shlex.quote(url), url.partition("/")[0]
    if first != url:
        new = " new" if command.startswith(ADD) else ""
        return _no_place(
            f"{url!r} has no scheme, and there is no folder {first!r}",
            f"{command} s3://{word} for a bucket, {command} ./{word} for a{new} folder",
        )
    return _no_place(
        f"{url!r} is a name, and there is no folder of that name",
        f"{ADD} {word} URL for a remote of that name, {ADD} ./{word} for a new folder"
        if command == ADD
        else f"{command} URL, such as s3://BUCKET/PREFIX or a folder; a remote has one: stook remote",
    )


def _other_words(url: str) -> str:
    """Return the words for a place that is written as other tools have it; none where this is no such thing."""
    scheme, _, rest = url.partition("://")
    if scheme.lower() in _SCHEMES and rest and redact(url) == url:
        return shlex.quote(f"{_SCHEMES[scheme.lower()]}://{rest}")
    if found := _AZURE.fullmatch(url):
        return _typed("az", found["bucket"], found["key"], account=found["account"])
    if found := _ARN.fullmatch(url):
        return shlex.quote(f"s3://{found['place']}")
    return "" if "://" in url else _find_known(f"https://{url}")


def _find_known(url: str) -> str:
    """Return the words for the place behind an address of one of the large clouds; none where it is none of theirs."""
    address = redact(url).partition("://")[2].partition(";")[0]
    asked = parse_qs(urlsplit(url).query)
    for pattern, scheme in _KNOWN:
        if found := pattern.fullmatch(address):
            parts = found.groupdict()
            bucket, key = parts.get("bucket") or "", parts.get("key") or asked.get("prefix", [""])[0]
            if "path" in parts:
                bucket, key = _amazon(parts["host"], parts["path"] or "")
            region = parts.get("region") or (asked.get("region", [""])[0] if scheme == "s3" else "")
            return _typed(scheme, bucket, key, region=region, account=parts.get("account") or "")
    return ""


def _amazon(host: str | None, path: str) -> tuple[str, str]:
    """Return bucket and key of an address of S3, where the bucket is in the host's name or the path begins with it."""
    if host is not None:
        return host, path
    bucket, _, key = path.partition("/")
    return bucket or "BUCKET", key


def _typed(scheme: str, bucket: str, key: str, *, region: str = "", account: str = "") -> str:
    """Return a place as it is typed."""
    url = "/".join(part for part in (bucket, unquote(key).strip("/")) if part)
    options = (("--region", region), ("--account", account))
    return shlex.quote(f"{scheme}://{url}") + "".join(f" {word} {shlex.quote(v)}" for word, v in options if v)


def _at_endpoint(url: str) -> str:
    """Return a place on a server of S3's protocol as it is typed."""
    scheme, _, rest = redact(url).partition("://")
    server, _, key = rest.partition("/")
    return f"{shlex.quote('s3://' + (key.strip('/') or 'BUCKET'))} --endpoint {shlex.quote(f'{scheme}://{server}')}"


def _no_place(message: str, hint: str) -> InputError:
    return InputError(message, kind="bad-url", hint=hint)
