"""The storage in an Azure container keeps the promise of every storage, between processes too.

The server is Azurite, Microsoft's emulator.
"""

from __future__ import annotations

import base64

import pytest

from stook.errors import StookError, StorageError
from stook.storage import Storage, open_storage
from stook.storage.probing import probe
from stook.testing import StorageTests
from tests.conformance.racing import Contest
from tests.servers.azurite import AzureContainer


class TestContainer(StorageTests):
    """The suite, in a container of its own."""

    @pytest.fixture
    def storage(self, azure_container: AzureContainer) -> Storage:
        """A whole container."""
        return open_storage(azure_container.url, options=azure_container.options)


@pytest.mark.parametrize("rounds", [5, pytest.param(100, marks=pytest.mark.full)])
def test_processes_that_create(azure_container: AzureContainer, rounds: int) -> None:
    """Of several processes with several threads each exactly one creates an object, in every round."""
    with Contest(azure_container.url, azure_container.options) as contest:
        contest.create(rounds=rounds)


@pytest.mark.parametrize("rounds", [5, pytest.param(100, marks=pytest.mark.full)])
def test_processes_that_replace(azure_container: AzureContainer, rounds: int) -> None:
    """Of several processes with several threads each exactly one replaces a version, in every round."""
    with Contest(azure_container.url, azure_container.options) as contest:
        contest.replace(rounds=rounds)


def test_wrong_key(azure_container: AzureContainer) -> None:
    """A wrong key is told with the code that the server gave, and is not repeated."""
    wrong = base64.b64encode(b"hunter2").decode()
    storage = open_storage(azure_container.url, options={**azure_container.options, "account_key": wrong})
    with pytest.raises(StorageError) as caught:
        storage.get("a")
    assert caught.value.kind == "permission"  # Azurite says so; Azure itself says AuthenticationFailed
    assert "AuthorizationFailure" in str(caught.value)
    assert wrong not in repr(storage) + str(caught.value) + repr(caught.value.facts)


def test_a_key_that_is_none(azure_container: AzureContainer) -> None:
    """What is no key at all is an error at the first request, and is not repeated."""
    storage = open_storage(
        azure_container.url, options={**azure_container.options, "account_key": "hunter2!"}
    )
    with pytest.raises(StookError) as caught:
        storage.get("a")
    assert "hunter2" not in str(caught.value) + repr(caught.value.facts)


def test_no_container(azure_container: AzureContainer) -> None:
    """That there is no such container is told, and what to do."""
    (only,) = probe(open_storage("az://no-such-container", options=azure_container.options))
    assert (only.name, only.ok, only.kind) == ("reach", False, "bucket-not-found")


def test_the_probe(azure_container: AzureContainer) -> None:
    """Azure does all that a store needs, and nothing stays behind."""
    storage = open_storage(azure_container.url, options=azure_container.options)
    assert all(finding.ok for finding in probe(storage))
    assert list(storage.list()) == []
