"""Buckets of S3, and of whatever speaks its protocol."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING

from obstore.store import S3Store

from stook.errors import InputError
from stook.storage.aws_credentials import find_credentials
from stook.storage.checks import check_prefix
from stook.storage.connections import RETRIES, Purpose, client_options
from stook.storage.object_errors import translate_object_errors
from stook.storage.object_storage import ObjectStorage
from stook.storage.options import check_endpoint, check_options, is_true
from stook.storage.urls import split_bucket

if TYPE_CHECKING:
    from obstore.store import S3Config

__all__ = ["connect_s3", "open_s3"]

_ENDPOINT_VARIABLES = ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "AWS_ENDPOINT")
_REGION_VARIABLES = ("AWS_REGION", "AWS_DEFAULT_REGION")


def open_s3(url: str, options: Mapping[str, str]) -> ObjectStorage:
    """Open a bucket, or a prefix in one; nothing is asked of anyone before the first request.

    Args:
        url: `s3://bucket` or `s3://bucket/prefix`.
        options: Those of `stook.storage.options`: `endpoint`, `region`, `profile`, `role` (the ARN of one to assume),
            `anonymous` (`true` sends unsigned requests), `path_style` (`true` unless said otherwise), `sse_kms_key`,
            `requester_pays`, `conditional_writes` (`false` where the server has none: see `ObjectStorage`); and
            `access_key_id` with `secret_access_key` and perhaps `session_token`. What is not given comes from the
            environment: `AWS_ENDPOINT_URL`, `AWS_REGION`, `AWS_ACCESS_KEY_ID`, `AWS_PROFILE` and so on.

    Raises:
        InputError: The URL or an option makes no sense.
    """
    bucket, key = split_bucket(url)
    prefix = check_prefix(key.strip("/"))
    check_options("s3", options)
    if ("access_key_id" in options) != ("secret_access_key" in options):
        raise InputError(
            "only one of access_key_id and secret_access_key was given",
            kind="bad-option",
            hint="give both or neither",
        )
    check_endpoint(_endpoint(options))
    kept = dict(options)
    return ObjectStorage(
        lambda purpose: connect_s3(bucket, prefix, kept, purpose=purpose),
        f"s3://{bucket}/{prefix}".removesuffix("/"),
        has_conditional_writes=is_true(options, "conditional_writes", default=True),
    )


def connect_s3(
    bucket: str, prefix: str = "", options: Mapping[str, str] | None = None, *, purpose: Purpose = "read"
) -> S3Store:
    """Return obstore's view of a bucket, or of a prefix in one; the options are those of `open_s3`.

    Raises:
        StookError: There are no such credentials; see `find_credentials`.
    """
    options = options or {}
    endpoint = check_endpoint(_endpoint(options))
    credentials = find_credentials(options)
    with translate_object_errors(f"s3://{bucket}"):
        return S3Store(
            bucket,
            prefix=prefix or None,
            config=_config(options, endpoint, credentials.region),
            client_options=client_options(endpoint, purpose),
            retry_config=RETRIES,
            credential_provider=credentials.provider,
        )


def _endpoint(options: Mapping[str, str]) -> str:
    given = (options.get("endpoint"), *(os.environ.get(name) for name in _ENDPOINT_VARIABLES))
    return next((value for value in given if value), "")


def _config(options: Mapping[str, str], endpoint: str, region: str) -> S3Config:
    config: S3Config = {
        "virtual_hosted_style_request": not is_true(options, "path_style", default=True),
        "disable_bulk_delete": True,  # not every server has it, and keys are deleted one by one anyway
        "unsigned_payload": not endpoint.startswith(
            "http://"
        ),  # TLS proves the bytes, and costs less than SHA-256
    }
    if endpoint:
        config["aws_endpoint_url_s3"] = endpoint  # the one that nothing in the environment overrides
    if "region" in options:
        config["region"] = options["region"]
    elif region and not any(os.environ.get(name) for name in _REGION_VARIABLES):
        config["region"] = region
    if "anonymous" in options:
        config["skip_signature"] = is_true(options, "anonymous")
    if "requester_pays" in options:
        config["request_payer"] = is_true(options, "requester_pays")
    if "sse_kms_key" in options:
        config["server_side_encryption"] = "aws:kms"
        config["sse_kms_key_id"] = options["sse_kms_key"]
    return config
