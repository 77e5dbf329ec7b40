"""Fixtures of an Azure server on this machine: `azure_server` for the session, `azure_container` for one test.

It is Azurite, Microsoft's own, of npm: `npm install azurite`, and its `azurite-blob` on PATH.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import shutil
import urllib.request
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from email.utils import formatdate

import pytest

from tests.conftest import AZURITE_ABSENT
from tests.servers.processes import run_server

# The account that every Azurite has, whose key is in Microsoft's documentation.
_ACCOUNT = "devstoreaccount1"
_KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="


@dataclass(frozen=True, slots=True)
class AzureContainer:
    """A new, empty container: its URL, and the options that open it."""

    url: str
    options: Mapping[str, str]


@pytest.fixture(scope="session")
def azure_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The endpoint of an Azure server."""
    program = shutil.which("azurite-blob")
    if program is None:
        pytest.skip(AZURITE_ABSENT)
    command = [program, "--blobHost", "127.0.0.1", "--blobPort", "0", "--inMemoryPersistence", "--silent"]
    command += ["--disableTelemetry", "--skipApiVersionCheck"]
    log = tmp_path_factory.mktemp("azurite") / "log.txt"
    with run_server(command, r"listens on http://127\.0\.0\.1:(\d+)", log) as port:
        yield f"http://127.0.0.1:{port}/{_ACCOUNT}"


@pytest.fixture
def azure_container(azure_server: str) -> AzureContainer:
    """A container that no other test has."""
    name = f"test-{uuid.uuid4().hex}"
    with urllib.request.urlopen(_signed_put(azure_server, name), timeout=30):  # noqa: S310  it is http
        return AzureContainer(
            f"az://{name}", {"endpoint": azure_server, "account": _ACCOUNT, "account_key": _KEY}
        )


def _signed_put(endpoint: str, container: str) -> urllib.request.Request:
    """Return the request that makes a container, signed as Azure's "Authorize with Shared Key" says."""
    headers = {"x-ms-date": formatdate(usegmt=True), "x-ms-version": "2021-08-06"}
    stated = "".join(f"{name}:{value}\n" for name, value in sorted(headers.items()))
    resource = f"/{_ACCOUNT}/{_ACCOUNT}/{container}\nrestype:container"
    text = "PUT" + "\n" * 12 + stated + resource
    signature = base64.b64encode(hmac.digest(base64.b64decode(_KEY), text.encode(), hashlib.sha256)).decode()
    headers["Authorization"] = f"SharedKey {_ACCOUNT}:{signature}"
    return urllib.request.Request(  # noqa: S310
        f"{endpoint}/{container}?restype=container", method="PUT", headers=headers
    )
