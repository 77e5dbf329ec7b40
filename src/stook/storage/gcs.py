"""Buckets of Google Cloud Storage."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from obstore.store import GCSStore

from stook.storage.checks import check_prefix
from stook.storage.connections import RETRIES, Purpose, client_options
from stook.storage.object_errors import translate_object_errors
from stook.storage.object_storage import ObjectStorage
from stook.storage.options import check_endpoint, check_options, is_true
from stook.storage.urls import split_bucket

if TYPE_CHECKING:
    from obstore.store import GCSConfig, GCSCredential

__all__ = ["open_gcs"]


def open_gcs(url: str, options: Mapping[str, str]) -> ObjectStorage:
    """Open a bucket, or a prefix in one; nothing is asked of anyone before the first request.

    The version of an object is its generation, by which Google tells writes apart.

    Args:
        url: `gs://bucket` or `gs://bucket/prefix`.
        options: `anonymous`, `endpoint` (for a server that is not Google's), `conditional_writes`, and the credentials
            `service_account_key` (JSON) or `token`. Else Google's own chain is followed:
            `GOOGLE_APPLICATION_CREDENTIALS`, what `gcloud auth application-default login` left, the machine's account.

    Raises:
        InputError: The URL or an option makes no sense.
    """
    bucket, key = split_bucket(url)
    prefix = check_prefix(key.strip("/"))
    check_options("gs", options)
    check_endpoint(options.get("endpoint", ""))
    kept = dict(options)
    return ObjectStorage(
        lambda purpose: _connect(bucket, prefix, kept, purpose),
        f"gs://{bucket}/{prefix}".removesuffix("/"),
        version_by="version",
        has_conditional_writes=is_true(options, "conditional_writes", default=True),
    )


def _connect(bucket: str, prefix: str, options: Mapping[str, str], purpose: Purpose) -> GCSStore:
    with translate_object_errors(f"gs://{bucket}"):
        return GCSStore(
            bucket,
            prefix=prefix or None,
            config=_config(options),
            client_options=client_options(options.get("endpoint", ""), purpose),
            retry_config=RETRIES,
            # A function, whose repr has no secret in it.
            credential_provider=(lambda: _given(options)) if "token" in options else None,
        )


def _given(options: Mapping[str, str]) -> GCSCredential:
    return {"token": options["token"], "expires_at": None}


def _config(options: Mapping[str, str]) -> GCSConfig:
    config: GCSConfig = {}
    if "endpoint" in options:
        config["base_url"] = options["endpoint"]
    if "service_account_key" in options:
        config["service_account_key"] = options["service_account_key"]
    if "anonymous" in options:
        config["skip_signature"] = is_true(options, "anonymous")
    return config
