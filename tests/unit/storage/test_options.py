"""Which options may be given, and which may be written down."""

from __future__ import annotations

import pytest

from stook.errors import InputError
from stook.storage import open_storage
from stook.storage.options import KEEPABLE_OPTIONS, SECRET_OPTIONS, check_keepable


@pytest.mark.parametrize(
    ("scheme", "name"), [(scheme, name) for scheme, names in SECRET_OPTIONS.items() for name in sorted(names)]
)
def test_no_credential_is_kept(scheme: str, name: str) -> None:
    """An option that is a credential is refused by its name, without its value."""
    assert name not in KEEPABLE_OPTIONS[scheme]
    with pytest.raises(InputError, match=name) as caught:
        check_keepable(scheme, {name: "hunter2", "endpoint": "https://host"})
    assert caught.value.kind == "secret-option"
    assert "hunter2" not in str(caught.value) + caught.value.hint


@pytest.mark.parametrize("scheme", sorted(KEEPABLE_OPTIONS))
def test_the_rest_is_kept(scheme: str) -> None:
    """Every option that says where and how may be kept, and opens a storage."""
    values = {
        "anonymous": "true",
        "conditional_writes": "false",
        "path_style": "true",
        "requester_pays": "true",
    }
    values |= {"account": "team", "region": "eu-west-1"}
    options = {name: values.get(name, "https://host") for name in KEEPABLE_OPTIONS[scheme]}
    check_keepable(scheme, options)
    storage = open_storage(f"{scheme}://bucket/team", options=options)
    assert storage.url == f"{scheme}://bucket/team"
    assert not storage.has_conditional_writes


@pytest.mark.parametrize("scheme", ["file", "memory", "gopher", "s3"])
def test_what_is_unknown_is_not_kept(scheme: str) -> None:
    """What no storage of the scheme takes is refused, whatever the scheme."""
    with pytest.raises(InputError) as caught:
        check_keepable(scheme, {"secret_acess_key": "hunter2"})
    assert caught.value.kind == "bad-option"
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("scheme", sorted(KEEPABLE_OPTIONS))
@pytest.mark.parametrize(
    "options",
    [
        {"anonymous": "yes"},
        {"conditional_writes": ""},
        {"endpoint": "localhost:9000"},
        {"endpoint": "https://KEY:hunter2@host"},
        {"endpoint": "https://[host"},
        {"unknown": "x"},
    ],
)
def test_values_that_make_no_sense(scheme: str, options: dict[str, str]) -> None:
    """A switch is true or false, an endpoint the URL of a server without credentials."""
    with pytest.raises(InputError) as caught:
        open_storage(f"{scheme}://bucket", options=options)
    assert caught.value.kind == "bad-option"
    assert "hunter2" not in str(caught.value)


def test_two_credentials_at_once() -> None:
    """Azure takes a key or a signature, not both."""
    with pytest.raises(InputError):
        open_storage("az://container", options={"account": "a", "account_key": "b", "sas_token": "c"})


def test_no_account() -> None:
    """An account that nobody names is told at the first request, since it may come from the environment."""
    storage = open_storage("az://container")
    with pytest.raises(InputError, match="account") as caught:
        storage.get("a")
    assert "AZURE_STORAGE_ACCOUNT_NAME" in caught.value.hint
