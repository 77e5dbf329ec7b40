"""Containers of Azure Blob Storage."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from obstore.store import AzureStore

from stook.errors import InputError
from stook.storage.checks import check_prefix
from stook.storage.connections import RETRIES, Purpose, client_options
from stook.storage.object_errors import translate_object_errors
from stook.storage.object_storage import ObjectStorage
from stook.storage.options import check_endpoint, check_options, is_true
from stook.storage.urls import split_bucket

if TYPE_CHECKING:
    from obstore.store import AzureConfig

__all__ = ["open_azure"]

_ENDPOINT_VARIABLES = ("AZURE_STORAGE_ENDPOINT", "AZURE_ENDPOINT")
_CLI_PROFILE = Path("~/.azure/azureProfile.json")  # which the first login writes
_ACCOUNT_VARIABLES = ("AZURE_STORAGE_ACCOUNT_NAME", "AZURE_STORAGE_ACCOUNT")


def open_azure(url: str, options: Mapping[str, str]) -> ObjectStorage:
    """Open a container, or a prefix in one; nothing is asked of anyone before the first request.

    Args:
        url: `az://container` or `az://container/prefix`.
        options: `account` (else `AZURE_STORAGE_ACCOUNT_NAME`), `anonymous`, `endpoint`, `conditional_writes`, and the
            credentials `account_key` or `sas_token`. Else Azure's own chain is followed: `AZURE_STORAGE_ACCOUNT_KEY`,
            `AZURE_STORAGE_SAS_TOKEN`, a service principal, a workload's identity, who is logged in by `az login`, the
            machine's identity.

    Raises:
        InputError: The URL or an option makes no sense.
    """
    container, key = split_bucket(url)
    prefix = check_prefix(key.strip("/"))
    check_options("az", options)
    if {"account_key", "sas_token"} <= options.keys():
        raise InputError(
            "both account_key and sas_token were given", kind="bad-option", hint="give one of them"
        )
    check_endpoint(_endpoint(options))
    kept = dict(options)
    return ObjectStorage(
        lambda purpose: _connect(container, prefix, kept, purpose),
        f"az://{container}/{prefix}".removesuffix("/"),
        has_conditional_writes=is_true(options, "conditional_writes", default=True),
    )


def _connect(container: str, prefix: str, options: Mapping[str, str], purpose: Purpose) -> AzureStore:
    endpoint = check_endpoint(_endpoint(options))
    with translate_object_errors(f"az://{container}"):
        return AzureStore(
            container,
            prefix=prefix or None,
            config=_config(options, endpoint),
            client_options=client_options(endpoint, purpose),
            retry_config=RETRIES,
        )


def _endpoint(options: Mapping[str, str]) -> str:
    given = (options.get("endpoint"), *(os.environ.get(name) for name in _ENDPOINT_VARIABLES))
    return next((value for value in given if value), "")


def _config(options: Mapping[str, str], endpoint: str) -> AzureConfig:
    config: AzureConfig = {"account_name": _account(options)}
    if endpoint:
        config["endpoint"] = endpoint
    if "account_key" in options:
        config["account_key"] = options["account_key"]
    if "sas_token" in options:
        config["sas_key"] = options["sas_token"]
    if shutil.which("az") and _CLI_PROFILE.expanduser().exists():
        config["use_azure_cli"] = True  # asked where the environment names nobody
    if "anonymous" in options:
        config["skip_signature"] = is_true(options, "anonymous")
    return config


def _account(options: Mapping[str, str]) -> str:
    given = (options.get("account"), *(os.environ.get(name) for name in _ACCOUNT_VARIABLES))
    account = next((value for value in given if value), "")
    if not account:
        raise InputError(
            "the Azure account is not known",
            kind="bad-option",
            hint="name it by --account, or by AZURE_STORAGE_ACCOUNT_NAME",
        )
    return account
