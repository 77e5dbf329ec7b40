"""Openers of the storages over obstore: memory, and S3 with whatever speaks its protocol."""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from obstore.store import MemoryStore, S3Store

from stook.errors import InputError
from stook.storage.checks import check_prefix
from stook.storage.object_errors import translate_object_errors
from stook.storage.object_storage import ObjectStorage
from stook.storage.urls import split_s3

if TYPE_CHECKING:
    from obstore.store import S3Config, S3Credential

__all__ = ["connect_s3", "open_memory", "open_s3"]

_S3_OPTIONS = frozenset(
    {"access_key_id", "anonymous", "endpoint", "path_style", "region", "secret_access_key", "session_token"}
)
_ENDPOINT_VARIABLES = ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "AWS_ENDPOINT")
# A request takes as long as a 64 MiB pack on a slow line; a dead server is noticed by the connection.
_REQUEST_TIMEOUT = timedelta(minutes=10)
_CONNECT_TIMEOUT = timedelta(seconds=5)


def open_memory(url: str, options: Mapping[str, str]) -> ObjectStorage:
    """Open a new, empty storage in memory.

    Raises:
        InputError: The URL is not `memory:`, or options are given, of which there are none.
    """
    if url.rstrip("/").lower() != "memory:" or options:
        raise InputError("memory has neither a name nor options", kind="bad-url", hint="write memory:")
    return ObjectStorage(MemoryStore(), "memory:")


def open_s3(url: str, options: Mapping[str, str]) -> ObjectStorage:
    """Open a bucket, or a prefix in one; nothing is asked of the server yet.

    Args:
        url: `s3://bucket` or `s3://bucket/prefix`.
        options: `endpoint`, `region`, `access_key_id` with `secret_access_key` and perhaps `session_token`,
            `path_style` (`true` unless said otherwise), `anonymous` (`true` sends unsigned requests). What is not
            given comes from the environment: `AWS_ENDPOINT_URL`, `AWS_REGION`, `AWS_ACCESS_KEY_ID` and so on.

    Raises:
        InputError: The URL or an option makes no sense.
    """
    bucket, key = split_s3(url)
    prefix = check_prefix(key.strip("/"))
    _check_s3_options(options)
    place = f"s3://{bucket}/{prefix}".removesuffix("/")
    with translate_object_errors(place):
        store = connect_s3(bucket, prefix, options)
    return ObjectStorage(store, place)


def connect_s3(bucket: str, prefix: str = "", options: Mapping[str, str] | None = None) -> S3Store:
    """Return obstore's view of a bucket, or of a prefix in one; the options are those of `open_s3`."""
    options = options or {}
    endpoint = _endpoint(options)
    return S3Store(
        bucket,
        prefix=prefix or None,
        config=_s3_config(options, endpoint),
        client_options={
            "allow_http": endpoint.startswith("http://"),
            "timeout": _REQUEST_TIMEOUT,
            "connect_timeout": _CONNECT_TIMEOUT,
        },
        retry_config={"max_retries": 5, "retry_timeout": timedelta(minutes=1)},
        # A function, whose repr has no secret in it.
        credential_provider=(lambda: _given(options)) if "access_key_id" in options else None,
    )


def _given(options: Mapping[str, str]) -> S3Credential:
    """Return the credentials that were given, whole: none of the environment's are mixed in."""
    return {
        "access_key_id": options["access_key_id"],
        "secret_access_key": options["secret_access_key"],
        "token": options.get("session_token"),
        "expires_at": None,
    }


def _check_s3_options(options: Mapping[str, str]) -> None:
    unknown = sorted(set(options) - _S3_OPTIONS)
    if unknown:
        raise InputError(
            f"S3 has no option {', '.join(unknown)}",
            kind="bad-option",
            hint=f"it has {', '.join(sorted(_S3_OPTIONS))}",
        )
    if ("access_key_id" in options) != ("secret_access_key" in options):
        raise InputError(
            "only one of access_key_id and secret_access_key was given",
            kind="bad-option",
            hint="give both or neither",
        )
    for name in ("anonymous", "path_style"):
        if options.get(name, "true") not in {"true", "false"}:
            raise InputError(f"the S3 option {name} is neither true nor false", kind="bad-option")


def _endpoint(options: Mapping[str, str]) -> str:
    given = (options.get("endpoint"), *(os.environ.get(name) for name in _ENDPOINT_VARIABLES))
    endpoint = next((value for value in given if value), "")
    parts = urlsplit(endpoint)
    if endpoint and (parts.scheme not in {"http", "https"} or not parts.hostname or "@" in parts.netloc):
        raise InputError(
            "the S3 endpoint is no http or https URL without credentials",
            kind="bad-option",
            hint="write it as https://host:port",
        )
    return endpoint


def _s3_config(options: Mapping[str, str], endpoint: str) -> S3Config:
    config: S3Config = {
        "virtual_hosted_style_request": options.get("path_style") == "false",
        "disable_bulk_delete": True,  # not every server has it, and keys are deleted one by one anyway
    }
    if endpoint:
        config["aws_endpoint_url_s3"] = endpoint  # the one that nothing in the environment overrides
    if "region" in options:
        config["region"] = options["region"]
    if "anonymous" in options:
        config["skip_signature"] = options["anonymous"] == "true"
    return config
