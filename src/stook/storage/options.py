"""Which options each kind of storage takes, and which of them may be written down."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final
from urllib.parse import urlsplit

from stook.errors import InputError

__all__ = [
    "KEEPABLE_OPTIONS",
    "SECRET_OPTIONS",
    "check_endpoint",
    "check_keepable",
    "check_options",
    "is_true",
]

KEEPABLE_OPTIONS: Final[Mapping[str, frozenset[str]]] = MappingProxyType(
    {
        "s3": frozenset(
            {
                "anonymous",
                "conditional_writes",
                "endpoint",
                "path_style",
                "profile",
                "region",
                "requester_pays",
                "role",
                "sse_kms_key",
            }
        ),
        "gs": frozenset({"anonymous", "conditional_writes", "endpoint"}),
        "az": frozenset({"account", "anonymous", "conditional_writes", "endpoint"}),
    }
)
"""By scheme, the options that say where and how, and open nothing to whoever reads them."""

SECRET_OPTIONS: Final[Mapping[str, frozenset[str]]] = MappingProxyType(
    {
        "s3": frozenset({"access_key_id", "secret_access_key", "session_token"}),
        "gs": frozenset({"service_account_key", "token"}),
        "az": frozenset({"account_key", "sas_token"}),
    }
)
"""By scheme, the options that are credentials: given by a program for as long as it runs, never written down."""

# Of them the name of the server is made to which credentials go.
_PARTS_OF_HOSTS = frozenset({"account", "region"})
_LABEL = r"[A-Za-z0-9_-]{1,64}"
_SWITCHES = frozenset({"anonymous", "conditional_writes", "path_style", "requester_pays"})


def check_keepable(scheme: str, options: Mapping[str, str]) -> None:
    """Refuse options that may not be written down.

    Raises:
        InputError: One is a credential, or none of that scheme's.
    """
    secret = sorted(set(options) & SECRET_OPTIONS.get(scheme, frozenset()))
    if secret:
        raise InputError(
            f"{', '.join(secret)} would be written down for all to read",
            kind="secret-option",
            hint="give credentials in the environment, or name a profile",
        )
    _check_names(scheme, options, KEEPABLE_OPTIONS.get(scheme, frozenset()))
    _check_values(options)


def check_options(scheme: str, options: Mapping[str, str]) -> None:
    """Refuse options that a storage of this scheme does not take.

    Raises:
        InputError: There is no such option, or its value makes no sense.
    """
    _check_names(scheme, options, KEEPABLE_OPTIONS[scheme] | SECRET_OPTIONS[scheme])
    _check_values(options)


def check_endpoint(endpoint: str) -> str:
    """Return an endpoint as it came, which may be empty.

    Raises:
        InputError: It is not the URL of a server, or there are credentials in it.
    """
    try:
        parts = urlsplit(endpoint)
        host = parts.hostname
    except ValueError:
        host = None
    if endpoint and (not host or parts.scheme not in {"http", "https"} or "@" in parts.netloc or parts.query):
        raise InputError(
            "the endpoint is no http or https URL without credentials",
            kind="bad-option",
            hint="write it as https://host:port",
        )
    return endpoint


def is_true(options: Mapping[str, str], name: str, *, default: bool = False) -> bool:
    """Return what a switch is set to."""
    return options[name] == "true" if name in options else default


def _check_names(scheme: str, options: Mapping[str, str], known: frozenset[str]) -> None:
    unknown = sorted(set(options) - known)
    if unknown:
        raise InputError(
            f"a storage of {scheme}: has no option {', '.join(unknown)}",
            kind="bad-option",
            hint=f"it has {', '.join(sorted(known))}" if known else "leave it out",
        )


def _check_values(options: Mapping[str, str]) -> None:
    for name in sorted(_PARTS_OF_HOSTS & options.keys()):
        if not re.fullmatch(_LABEL, options[name], re.ASCII):
            raise InputError(
                f"the {name} {options[name]!r:.80} is none",
                kind="bad-option",
                hint="it has letters, digits, - and _ alone",
            )
    for name in sorted(_SWITCHES & options.keys()):
        if options[name] not in {"true", "false"}:
            raise InputError(f"the option {name} is neither true nor false", kind="bad-option")
