"""Where the credentials of a remote are taken from, in words; never what they are.

The orders are those of `stook.storage`: for S3 that of AWS's own tools, for the others that of obstore.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from stook.errors import StookError
from stook.storage.aws_credentials import choose_profile

__all__ = ["credential_source"]

_GOOGLE = ("GOOGLE_SERVICE_ACCOUNT", "GOOGLE_SERVICE_ACCOUNT_KEY", "GOOGLE_APPLICATION_CREDENTIALS")
_GCLOUD = ".config/gcloud/application_default_credentials.json"
_AZURE = (
    "AZURE_STORAGE_ACCOUNT_KEY",
    "AZURE_STORAGE_SAS_TOKEN",
    "AZURE_CLIENT_ID",
    "AZURE_FEDERATED_TOKEN_FILE",
)


def credential_source(url: str, options: Mapping[str, str]) -> str:
    """Return where the credentials of a place are taken from.

    Args:
        url: The place.
        options: What it was added with.
    """
    scheme = url.partition("://")[0]
    if options.get("anonymous") == "true":
        return "none, requests are anonymous"
    if scheme == "s3":
        role = f", to take on the role {options['role']}" if "role" in options else ""
        return _aws(options) + role
    if scheme == "gs":
        return _google()
    if scheme == "az":
        return _first_of(_AZURE) or "az login, or the identity of this machine"
    return "none are needed"


def _aws(options: Mapping[str, str]) -> str:
    has_keys = os.environ.get("AWS_ACCESS_KEY_ID") and os.environ.get("AWS_SECRET_ACCESS_KEY")
    try:
        profile = choose_profile(options.get("profile"))
    except StookError as error:
        return f"none: {error.message}"
    if profile is not None and (profile.keys or profile.is_involved or not has_keys):
        return f"the profile {profile.name} of AWS's files"
    if has_keys:
        return "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY of the environment"
    if _first_of(("AWS_WEB_IDENTITY_TOKEN_FILE",)):
        return "the web identity that AWS_WEB_IDENTITY_TOKEN_FILE names"
    if _first_of(("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_CONTAINER_CREDENTIALS_FULL_URI")):
        return "the role of this container"
    return "the role of this machine, if it has one: there are none in the environment, and no profile"


def _google() -> str:
    if found := _first_of(_GOOGLE):
        return found
    home = Path(os.environ.get("HOME", "~")).expanduser()
    return (
        "gcloud auth application-default login"
        if (home / _GCLOUD).exists()
        else "the account of this machine"
    )


def _first_of(variables: tuple[str, ...]) -> str:
    return next((f"{name} of the environment" for name in variables if os.environ.get(name)), "")
