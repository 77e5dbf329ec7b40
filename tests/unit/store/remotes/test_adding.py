"""Remotes are added to contexts and forgotten; what makes no sense as one is refused."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from stook.errors import ConflictError, InputError, NotFoundError
from stook.store.open import reopen
from stook.store.remotes.config import KEY, read_remotes
from tests.unit.store.remotes.conftest import OpenStore, Place


def test_a_store_is_made_where_there_is_none(place: Place, machine: OpenStore) -> None:
    """Adding a remote at an empty place makes a store there, and the context there is made by the first push."""
    ann = machine("ann")
    added = ann.add_remote("origin", place.url, place.options)
    assert (added.created, added.how, added.context_name) == (True, "new", "main")
    assert ann.remotes() == [added.config]
    assert (added.config.url, added.config.options) == (place.url, place.options)
    there = ann.at_remote()
    assert there.contexts() == []
    assert there.repository.id == added.config.repository != ann.repository.id


def test_the_context_here_is_made(place: Place, machine: OpenStore) -> None:
    """A remote can be added before there is any bundle; its context is there from then on."""
    ann = machine("ann", context="fresh")
    added = ann.add_remote("origin", place.url, place.options)
    assert [(one.id, one.name) for one in ann.contexts()] == [(added.config.context, "fresh")]


def test_a_context_there_is_found_by_name(place: Place, machine: OpenStore) -> None:
    """A context maps to the one of the same name that others have pushed."""
    ann, bob = machine("ann"), machine("bob")
    ann.add_remote("origin", place.url, place.options)
    ann.add("raw", {"x": 1})
    ann.push("raw")
    added = bob.add_remote("origin", place.url, place.options)
    assert (added.created, added.how, added.context_name) == (False, "name", "main")
    assert [bundle.name for bundle in bob.at_remote().ls()] == ["raw"]


def test_a_context_there_is_found_by_id(tmp_path: Path, machine: OpenStore) -> None:
    """A context maps to the one of the same id, whatever either is called by now."""
    ann = machine("ann")
    ann.add("raw", 1)
    ann.repository.close()
    shutil.copytree(tmp_path / "ann", tmp_path / "there")
    stook_json = (tmp_path / "there" / "stook.json").read_text()
    identity = ann.repository.id
    (tmp_path / "there" / "stook.json").write_text(stook_json.replace(identity, identity[::-1]))
    there = reopen(str(tmp_path / "there"), "main", str(tmp_path / "cache-there"), "ann")
    there.rename_context("main", "renamed")
    added = machine("ann").add_remote("origin", str(tmp_path / "there"))
    assert (added.how, added.context_name, added.created) == ("id", "renamed", False)
    assert machine("ann").at_remote().context == "renamed"


def test_two_who_begin_at_once_share_a_context(place: Place, machine: OpenStore) -> None:
    """Two people who add an empty place and push, neither having seen the other, push to one context."""
    ann, bob = machine("ann"), machine("bob")
    for store in (ann, bob):
        store.add_remote("origin", place.url, place.options)
        store.add("of." + store.repository.owner, 1)
    for store in (ann, bob):
        store.push(every=True)
    assert [context.name for context in ann.at_remote().contexts()] == ["main"]
    assert [bundle.name for bundle in bob.at_remote().ls()] == ["of.ann", "of.bob"]


def test_a_relative_folder_becomes_absolute(
    tmp_path: Path, machine: OpenStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A remote is the same from every folder, however its place was written."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    ann = machine("ann")
    written = ["there", "./x/../there", "~/there", (tmp_path / "there").as_uri()]
    urls = {ann.add_remote(f"r{number}", url).config.url for number, url in enumerate(written)}
    assert urls == {str(tmp_path / "there")}


@pytest.mark.parametrize(
    "url",
    [
        "s3://AKIA:hunter2@bucket/x",
        "s3://bucket/x?token=hunter2",
        "file://user:hunter2@localhost/tmp/x",
        "of-a-plugin://me:hunter2@host/x",
    ],
)
def test_a_url_with_secrets_is_refused(url: str, machine: OpenStore) -> None:
    """What is written down for all to read takes no credentials, and the refusal does not repeat them."""
    ann = machine("ann")
    with pytest.raises(InputError) as caught:
        ann.add_remote("origin", url)
    assert "hunter2" not in "".join([str(caught.value), caught.value.hint, repr(caught.value.facts)])
    assert ann.remotes() == []


def test_secret_options_are_refused(s3_place: Place, machine: OpenStore) -> None:
    """Keys are taken from the environment, never written down."""
    ann = machine("ann")
    secrets = {"access_key_id": "AKIA", "secret_access_key": "hunter2", **s3_place.options}
    with pytest.raises(InputError) as caught:
        ann.add_remote("origin", s3_place.url, secrets)
    assert caught.value.kind == "secret-option"
    assert "hunter2" not in str(caught.value)
    with pytest.raises(InputError, match="no option colour"):
        ann.add_remote("origin", s3_place.url, {"colour": "red"})


def test_a_place_with_something_else_is_refused(tmp_path: Path, machine: OpenStore) -> None:
    """A folder of other files becomes no remote, nor does memory, nor a folder in the store or around it."""
    ann = machine("ann")
    ann.add("raw", 1)
    (tmp_path / "papers").mkdir()
    (tmp_path / "papers" / "notes.txt").write_text("mine")
    for url in (tmp_path / "papers", tmp_path / "ann" / "packs", tmp_path, "memory:", ""):
        with pytest.raises(InputError):
            ann.add_remote("origin", str(url))
    assert [path.name for path in (tmp_path / "papers").iterdir()] == ["notes.txt"]
    assert ann.remotes() == []


def test_the_store_itself_is_no_remote(tmp_path: Path, machine: OpenStore) -> None:
    """Neither a store itself nor a copy of it can be its remote: both have its id."""
    ann = machine("ann")
    ann.add("raw", 1)
    shutil.copytree(tmp_path / "ann", tmp_path / "copy")
    for place, words in (("ann", "this very store"), ("copy", "a copy of this store")):
        with pytest.raises(ConflictError, match=words) as caught:
            ann.add_remote("origin", str(tmp_path / place))
        assert caught.value.kind == "same-store"


def test_a_name_is_taken_once(tmp_path: Path, machine: OpenStore) -> None:
    """A name stands for one place; adding the same again is no error, and other contexts have names of their own."""
    ann = machine("ann")
    first = ann.add_remote("origin", str(tmp_path / "one"))
    again = ann.add_remote("origin", str(tmp_path / "one"))
    assert (again.config, again.created) == (first.config, False)
    with pytest.raises(ConflictError) as caught:
        ann.add_remote("origin", str(tmp_path / "two"))
    assert caught.value.kind == "remote-exists"
    assert not (tmp_path / "two").exists()
    ann.in_context("other").add_remote("origin", str(tmp_path / "two"))
    assert {one.url for one in read_remotes(ann.repository)} == {str(tmp_path / "one"), str(tmp_path / "two")}


def test_the_same_name_at_a_place_that_was_replaced_is_refused(tmp_path: Path, machine: OpenStore) -> None:
    """Where another store is at a remote's place by now, adding it again under its name says so."""
    ann = machine("ann")
    ann.add_remote("origin", str(tmp_path / "there"))
    shutil.rmtree(tmp_path / "there")
    with pytest.raises(ConflictError) as caught:
        ann.add_remote("origin", str(tmp_path / "there"))
    assert caught.value.kind == "remote-exists"
    with pytest.raises(ConflictError) as caught:
        ann.at_remote()
    assert caught.value.kind == "remote-replaced"


def test_removing_a_remote_forgets_it(place: Place, machine: OpenStore) -> None:
    """A remote that is removed is not known any more; what is there stays, and it can be added again."""
    ann = machine("ann")
    ann.add("raw", 1)
    ann.add_remote("origin", place.url, place.options)
    ann.push("raw")
    assert ann.remove_remote("origin").url == place.url
    assert ann.remotes() == []
    for act in (lambda: ann.remove_remote("origin"), lambda: ann.push("raw"), ann.at_remote):
        with pytest.raises(NotFoundError) as caught:
            act()
        assert caught.value.kind == "remote-not-found"
    added = ann.add_remote("origin", place.url, place.options)
    assert (added.created, added.how) == (False, "name")
    assert ann.push("raw").present == 1


def test_remotes_are_written_down_without_secrets(
    s3_place: Place, machine: OpenStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the environment gives as credentials is nowhere in the store."""
    monkeypatch.setenv("AWS_SESSION_TOKEN", "a-token-of-nobody")
    ann = machine("ann")
    ann.add_remote("origin", s3_place.url, s3_place.options)
    written = ann.repository.storage.get(KEY).data.decode()
    assert s3_place.url in written
    assert "AKIA" not in written
    assert "a-token-of-nobody" not in written
