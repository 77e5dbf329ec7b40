"""Beginning with what a remote has."""

from __future__ import annotations

import os
import pickle
from pathlib import Path

import pytest
from msgspec.structs import replace

import stook
from stook.errors import ConflictError, InputError, IntegrityError, NotFoundError
from stook.format import records
from stook.store import Store
from stook.store.remotes.cloning import clone
from stook.store.remotes.elsewhere import Elsewhere
from tests.unit.store.remotes.conftest import OpenStore, Place


@pytest.fixture
def ann(place: Place, machine: OpenStore) -> Store:
    """A store that pushed one bundle of its context `main`."""
    store = machine("ann")
    store.add_remote("origin", place.url, place.options)
    store.add("raw", list(range(9000)))
    store.push(every=True)
    return store


def _push_context(store: Store, place: Place, name: str) -> Store:
    other = store.in_context(name)
    other.add_remote("origin", place.url, place.options)
    other.add("raw", {"name": name})
    other.push(every=True)
    return other


def test_a_clone_has_the_context_and_the_remote(ann: Store, place: Place, machine: OpenStore) -> None:
    """The only context there is here under its name and id, with `origin` to push to and pull from."""
    cloned = clone(machine("bob", context="other"), place.url, options=place.options)
    bob = machine("bob")
    assert (cloned.context, cloned.remote_context, len(cloned.pulled.bundles)) == ("main", "main", 1)
    there = ann.at_remote()
    assert bob.context_id() == there.context_id()
    there.close()
    assert [(one.name, one.options) for one in bob.remotes()] == [("origin", dict(place.options))]
    assert bob.get("raw").data == list(range(9000))
    bob.add("mine", 1)
    bob.push(every=True)
    assert ann.pull().bundles == (bob.get("mine").ref,)
    assert clone(bob, place.url, options=place.options).pulled.bundles == ()


def test_of_several_contexts_the_one_that_is_meant(ann: Store, place: Place, machine: OpenStore) -> None:
    """That is `main` unless another is named; where there is none, it must be said, and they are listed."""
    _push_context(ann, place, "fraud")
    _push_context(ann, place, "churn")
    bob = machine("bob", context="x")
    assert clone(bob, place.url, options=place.options).context == "main"
    assert clone(bob, place.url, options=place.options, context="fraud").context == "fraud"
    assert bob.in_context("fraud").get("raw").data == {"name": "fraud"}
    with pytest.raises(NotFoundError, match="churn, fraud, main"):
        clone(bob, place.url, options=place.options, context="frau")
    there = ann.at_remote()
    there.rename_context("main", "prime")
    there.close()
    with pytest.raises(InputError, match="churn, fraud, prime") as caught:
        clone(machine("cid", context="x"), place.url, options=place.options)
    assert caught.value.kind == "ambiguous-context"


def test_a_context_may_be_called_otherwise_here(ann: Store, place: Place, machine: OpenStore) -> None:
    """With a name of one's own the context is the same one still; and it keeps that name when it is pulled again."""
    bob = machine("bob", context="mine")
    bob.add("raw", {"my": "own"})
    assert clone(bob, place.url, options=place.options, as_name="theirs").context == "theirs"
    theirs = bob.in_context("theirs")
    assert [one.data for one in bob.search()] == [{"my": "own"}]
    assert theirs.get("raw").data == list(range(9000))
    theirs.pull()
    assert theirs.context == "theirs"
    assert clone(bob, place.url, options=place.options).context == "theirs"
    with pytest.raises(ConflictError, match="as theirs"):
        clone(bob, place.url, options=place.options, as_name="other")


def test_a_context_of_the_same_name_is_joined(ann: Store, place: Place, machine: OpenStore) -> None:
    """What is here in a context of that name stays, and what is there comes beside it; unless that was not wanted."""
    bob = machine("bob")
    bob.add("mine", 1)
    with pytest.raises(ConflictError, match="already"):
        clone(bob, place.url, options=place.options, as_name="main")
    assert clone(bob, place.url, options=place.options).context == "main"
    assert [one.name for one in bob.ls()] == ["mine", "raw"]


def test_what_is_no_store_is_said(tmp_path: Path, machine: OpenStore) -> None:
    """A place without a store, or with one that has nothing, is an error, and nothing is made there or here."""
    bob = machine("bob")
    (tmp_path / "empty").mkdir()
    with pytest.raises(NotFoundError, match="no store"):
        clone(bob, str(tmp_path / "empty"))
    assert os.listdir(tmp_path / "empty") == []
    machine("ann").add_remote("origin", str(tmp_path / "empty"))
    with pytest.raises(InputError, match="none yet"):
        clone(bob, str(tmp_path / "empty"))
    with pytest.raises(InputError, match="secret_access_key"):
        clone(bob, "s3://bucket/prefix", options={"access_key_id": "a", "secret_access_key": "b"})
    assert bob.contexts() == []


def test_with_data_no_remote_is_needed_afterwards(ann: Store, place: Place, machine: OpenStore) -> None:
    """A clone with data is whole."""
    bob = machine("bob")
    clone(bob, place.url, options=place.options, data=True)
    bob.remove_remote("origin")
    assert bob.verify(deep=True).is_clean
    assert bob.get("raw").data == list(range(9000))


def test_a_store_is_opened_with_options_and_pickled_without_secrets(s3_place: Place, tmp_path: Path) -> None:
    """`stook.open` takes the settings of a bucket; a pickle has them, but for credentials."""
    secrets = {name: os.environ.pop(f"AWS_{name.upper()}") for name in ("access_key_id", "secret_access_key")}
    store = stook.open(s3_place.url, context="main", options={**s3_place.options, **secrets})
    bundle = store.add("raw", list(range(9000)))
    pickled = pickle.dumps(store.get("raw"))
    assert not any(secret.encode() in pickled for secret in secrets.values())
    assert s3_place.endpoint.encode() in pickled
    os.environ |= {f"AWS_{name.upper()}": value for name, value in secrets.items()}
    assert pickle.loads(pickled).data == list(range(9000))  # noqa: S301
    assert pickle.loads(pickle.dumps(store)).get("raw") == bundle  # noqa: S301
    with pytest.raises(InputError, match="go with the URL"):
        stook.open(options={"endpoint": "http://127.0.0.1:1"})
    with pytest.raises(InputError, match="no option"):
        stook.open(s3_place.url, options={"endpiont": "x"})


def test_what_another_context_here_has_is_told(ann: Store, place: Place, machine: OpenStore) -> None:
    """A version is in one context of a store: a clone into a second one says what it left, and who has it."""
    bob = machine("bob")
    bob.add("mine", 1)
    bob.add_remote("origin", place.url, place.options)
    left = Elsewhere(bob.get(bob.pull().bundles[0]).ref, "main")
    new = ann.add("new", 1)
    ann.push(every=True)
    pulled = clone(bob, place.url, options=place.options, as_name="other").pulled
    assert (pulled.bundles, pulled.elsewhere) == ((new.ref,), (left,))
    other = bob.in_context("other")
    assert other.pull("raw").elsewhere == other.pull().elsewhere == (left,)
    assert other.pull("new").elsewhere == ()


def test_what_another_context_here_had_is_not_brought_back(
    ann: Store, place: Place, machine: OpenStore
) -> None:
    """A version that was removed in another context is left where it is even when it is named, and that is said."""
    bob = machine("bob")
    bob.add_remote("origin", place.url, place.options)
    bob.add("mine", 1)
    (raw,) = bob.pull().bundles
    clone(bob, place.url, options=place.options, as_name="other")
    bob.rm("raw")
    other = bob.in_context("other")
    done = other.pull("raw")
    assert (done.restored, done.elsewhere) == ((), (Elsewhere(raw, "main", removed=True),))
    assert other.pull().removed_here == (raw,)
    assert [one.name for one in bob.search()] == ["mine"]


def test_another_bundle_under_an_id_of_another_context_is_told(
    ann: Store, place: Place, machine: OpenStore
) -> None:
    """Where a context here has another bundle under the same id, nothing is pulled: one of the two is forged."""
    bob = machine("bob")
    bob.add("mine", 1)
    bob.add_remote("origin", place.url, place.options)
    bob.pull()
    raw = bob.get("raw").record
    cid = machine("cid")
    forged = replace(raw, digest="0" * 64, context=cid.context_id())
    cid.repository.log.append([records.dump(forged)])
    cid.refresh()
    with pytest.raises(IntegrityError, match="nothing was pulled") as caught:
        clone(cid, place.url, options=place.options, as_name="other")
    assert caught.value.kind == "same-id"


def test_the_command_for_a_context_that_is_here_can_be_typed(
    ann: Store, place: Place, machine: OpenStore
) -> None:
    """A name with a space is quoted in it."""
    bob = machine("bob", context="x")
    clone(bob, place.url, options=place.options, as_name="my own")
    with pytest.raises(ConflictError) as caught:
        clone(bob, place.url, options=place.options, as_name="other")
    assert caught.value.hint == "stook pull --context 'my own'"
