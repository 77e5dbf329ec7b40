"""Places that bundles are shared through, as people type them."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

from stook.errors import InputError
from stook.storage.urls import redact

__all__ = ["ADD", "check_place"]

ADD = "stook remote add"
_AMAZON = re.compile(r"(?:(?P<bucket>.+)\.)?s3(?:[.-](?P<region>[a-z]+-[a-z-]+-\d))?\.amazonaws\.com")


def check_place(url: str, command: str) -> None:
    """Refuse what is meant as a place and is none: the address of a server, or a mere name.

    Args:
        url: What was typed.
        command: What it was typed after, such as `stook clone`.

    Raises:
        InputError: It is one of these.
    """
    if re.match(r"https?://", url):
        place = _place_on_server(url) if redact(url) == url else "s3://BUCKET"
        raise InputError(
            f"{redact(url)} is a server, not a place in one",
            kind="bad-url",
            hint=f"where it speaks S3's protocol: {command} {place}",
        )
    if re.fullmatch(r"[\w-]+", url) and not Path(url).exists():
        word = shlex.quote(url)
        raise InputError(
            f"{url!r} is a name, and there is no folder of that name",
            kind="bad-url",
            hint=f"{ADD} {word} URL for a remote of that name, {ADD} ./{word} for a new folder"
            if command == ADD
            else f"{command} URL, such as s3://BUCKET/PREFIX or a folder; a remote has one: stook remote",
        )


def _place_on_server(url: str) -> str:
    """Return the words that name what the address of a server may mean, as they are typed."""
    scheme, _, rest = url.partition("://")
    server, _, key = rest.partition("/")
    if amazon := _AMAZON.fullmatch(server):
        where = "/".join(part for part in (amazon["bucket"], key.strip("/")) if part) or "BUCKET"
        return shlex.quote(f"s3://{where}") + (f" --region {amazon['region']}" if amazon["region"] else "")
    bucket = key.strip("/") or "BUCKET"
    return f"{shlex.quote(f's3://{bucket}')} --endpoint {shlex.quote(f'{scheme}://{server}')}"
