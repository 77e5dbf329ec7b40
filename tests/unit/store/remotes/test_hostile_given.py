"""A store that somebody gave away, with a remote of theirs: it gets no tokens before the user says so."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from stook.errors import StookError
from stook.store import Store
from stook.store.remotes.config import KEY, RemoteConfig
from stook.store.remotes.confirmed import confirm
from tests.servers.hostile_s3 import Answer, Hostile, serve_hostile
from tests.unit.store.remotes.conftest import OpenStore

_ACCESS = "sv=2022-01-01&sig=hunter2"


def _give(machine: OpenStore, tmp_path: Path, server: Hostile, **options: str) -> tuple[Store, RemoteConfig]:
    store = machine("victim")
    store.add("mine", 1)
    config = RemoteConfig(
        "origin",
        store.context_id(),
        "az://bucket/x",
        "0" * 32,
        "c",
        {"endpoint": server.endpoint, "account": "team", **options},
    )
    (tmp_path / "victim" / KEY).write_bytes(msgspec.json.encode({"remotes": [config]}))
    return machine("victim"), config


def test_a_given_remote_gets_no_tokens(
    machine: OpenStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever asks it is refused with the command that confirms it; the server hears nothing."""
    monkeypatch.setenv("AZURE_STORAGE_SAS_TOKEN", _ACCESS)
    with serve_hostile(lambda path, query: None) as server:
        store, _ = _give(machine, tmp_path, server)
        for use in (store.fetch, store.pull, store.push, store.at_remote):
            with pytest.raises(StookError) as caught:
                use()
            assert (caught.value.kind, caught.value.exit_code) == ("remote-not-confirmed", 6)
            assert f"stook remote add origin az://bucket/x --endpoint {server.endpoint}" in caught.value.hint
        assert store.get("mine").data == 1
        assert server.told == []


def test_a_remote_that_was_added_here_is_asked(
    machine: OpenStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Once it is confirmed on this machine, for this place and these options, it gets what it needs."""
    monkeypatch.setenv("AZURE_STORAGE_SAS_TOKEN", _ACCESS)
    with serve_hostile(lambda path, query: None) as server:
        store, config = _give(machine, tmp_path, server)
        confirm(store.repository, config)
        with pytest.raises(StookError) as caught:
            store.fetch()
        assert caught.value.kind == "no-store"
        assert "hunter2" in server.told[0]
        other, _ = _give(machine, tmp_path, server, account="another")
        with pytest.raises(StookError) as caught:
            other.fetch()
        assert caught.value.kind == "remote-not-confirmed"


def test_an_anonymous_remote_needs_no_word(
    machine: OpenStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What sends no credentials is asked at once."""
    monkeypatch.setenv("AZURE_STORAGE_SAS_TOKEN", _ACCESS)
    with serve_hostile(lambda path, query: None) as server:
        store, _ = _give(machine, tmp_path, server, anonymous="true")
        with pytest.raises(StookError):
            store.fetch()
        assert "hunter2" not in "".join(server.told)
        assert server.told


def test_to_add_a_remote_is_to_confirm_it(
    machine: OpenStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The command that the refusal names is all that it takes, on each machine."""
    monkeypatch.setenv("AZURE_STORAGE_SAS_TOKEN", _ACCESS)
    with serve_hostile(_empty_store) as server:
        options = {"endpoint": server.endpoint, "account": "team"}
        store = machine("victim")
        store.add_remote("origin", "az://bucket/x", options)
        assert store.fetch().bundles == 0
        other = machine("victim", cache="another")
        with pytest.raises(StookError) as caught:
            other.fetch()
        assert caught.value.kind == "remote-not-confirmed"
        other.add_remote("origin", "az://bucket/x", options)
        assert other.fetch().bundles == 0


def _empty_store(path: str, query: dict[str, list[str]]) -> Answer | None:
    if "comp" in query:
        return Answer(b'<?xml version="1.0"?><EnumerationResults><Blobs/><NextMarker/></EnumerationResults>')
    return Answer(b'{"format":1,"id":"%s"}' % (b"1" * 32)) if path.endswith("stook.json") else None
