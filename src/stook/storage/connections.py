"""How patient every connection to an object store is."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from obstore.store import ClientConfig, RetryConfig

__all__ = ["RETRIES", "Purpose", "client_options"]

Purpose = Literal["read", "write"]
"""What a connection is for. A silent server is soon noticed by who reads; who writes hears nothing before the end."""

# A request takes as long as a 64 MiB pack on a slow line; a dead server is noticed by the connection.
_REQUEST_TIMEOUT = timedelta(hours=1)
_CONNECT_TIMEOUT = timedelta(seconds=5)
_SILENCE_TIMEOUT = timedelta(seconds=30)

RETRIES: Final[RetryConfig] = {"max_retries": 5, "retry_timeout": timedelta(minutes=1)}


def client_options(endpoint: str, purpose: Purpose) -> ClientConfig:
    """Return the settings of a client; http is spoken only where the endpoint says so."""
    options: ClientConfig = {
        "allow_http": endpoint.startswith("http://"),
        "timeout": _REQUEST_TIMEOUT,
        "connect_timeout": _CONNECT_TIMEOUT,
    }
    if purpose == "read":
        options["read_timeout"] = _SILENCE_TIMEOUT
    return options
