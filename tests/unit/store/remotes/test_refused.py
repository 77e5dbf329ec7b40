"""What of a remote cannot be right is left there and told, and everything else is pulled."""

from __future__ import annotations

import time
from pathlib import Path

import msgspec
import pytest

from stook.errors import ConflictError, IntegrityError, StookError
from stook.format import aliases, records
from stook.format.limits import MAX_PAYLOAD
from stook.model.clock import Clock
from stook.model.record import BundleRecord, ContextRecord, Record, TagRecord
from stook.store import Store
from stook.store.remotes.cloning import Cloned, clone
from stook.store.remotes.pull import Pulled, pull
from stook.store.remotes.refused import Refused
from stook.store.repository import open_repository
from tests.unit.store.remotes.conftest import OpenStore, Place

_DAY = 24 * 60 * 60

pytestmark = pytest.mark.filterwarnings("ignore:a bundle's time is:UserWarning")


def _ahead(days: float) -> str:
    return Clock(lambda: time.time() + days * _DAY).new_id()


def _forge(store: Store, *said: Record | bytes) -> None:
    """Write records as someone would who may write to the remote."""
    there = store.at_remote()
    payloads = [one if isinstance(one, bytes) else records.dump(one) for one in said]
    there.repository.log.append(payloads)
    there.close()


def _context(store: Store) -> str:
    there = store.at_remote()
    found = there.context_id()
    there.close()
    return found


def _pushed(store: Store, name: str = "raw") -> BundleRecord:
    """Add and push a bundle; return its record as it is on the remote."""
    made = store.add(name, {"of": name})
    store.push(every=True)
    return msgspec.structs.replace(made.record, context=_context(store))


def _refusal(store: Store, *names: str, data: bool = False) -> IntegrityError:
    with pytest.raises(IntegrityError) as caught:
        store.pull(*names, data=data)
    return caught.value


def _pulled(error: StookError) -> Pulled:
    done = error.facts["pulled"]
    assert isinstance(done, Pulled)
    return done


def test_a_bundle_from_the_future_is_left_and_all_others_come(ann: Store, bob: Store) -> None:
    """An id more than a day ahead would put all that is made here behind it: that one is told, and the rest is here."""
    raw = _pushed(ann)
    evil = msgspec.structs.replace(raw, id=_ahead(2), name="evil")
    _forge(ann, evil, TagRecord(Clock().new_id(), raw.context, evil.id, {"a": "b"}, 1))
    more = ann.add("more", 1)
    ann.alias("prod", more)
    ann.push(every=True)
    before = len(list(bob.repository.storage.list("log/")))
    error = _refusal(bob)
    done = _pulled(error)
    assert (error.kind, error.exit_code) == ("id-ahead", 5)
    assert error.message == (
        f"left on origin, since it cannot be right: evil@{evil.id} (2.0 days ahead of this machine's clock);"
        " all else was taken"
    )
    assert f"stook rm --remote=origin evil@{evil.id}" in error.hint
    assert [ref.partition("@")[0] for ref in done.bundles] == ["raw", "more"]
    assert (done.aliases, done.words) == (("more@prod",), 0)
    assert [(one.ref, one.part, one.kind) for one in done.refused] == [
        (f"evil@{evil.id}", "bundle", "id-ahead")
    ]
    assert {one.name for one in bob.search()} == {"raw", "more"}
    assert len(list(bob.repository.storage.list("log/"))) <= before + 1
    assert bob.add("own", 1).id < evil.id
    assert bob.verify(deep=True).is_clean


def test_where_nothing_else_is_new_it_is_said_that_nothing_came(ann: Store, bob: Store) -> None:
    """The next pull asks again and says so again; nothing is written for what is refused."""
    raw = _pushed(ann)
    evil = msgspec.structs.replace(raw, id=_ahead(2), name="evil")
    _forge(ann, evil)
    logged = list(bob.repository.storage.list("log/"))
    for names in (("evil",), (f"evil@{evil.id}", "evil")):
        error = _refusal(bob, *names)
        assert error.message.startswith(f"nothing was pulled from origin: evil@{evil.id} (2.0 days ahead")
        assert (_pulled(error).bundles, error.kind) == ((), "id-ahead")
    assert list(bob.repository.storage.list("log/")) == logged
    assert _pulled(_refusal(bob)).bundles == (f"raw@{raw.id}",)
    logged = list(bob.repository.storage.list("log/"))
    assert _refusal(bob).message.startswith("nothing was pulled from origin")
    assert list(bob.repository.storage.list("log/")) == logged


def test_it_comes_once_the_clock_has_come(ann: Store, bob: Store, tmp_path: Path) -> None:
    """What was refused for being ahead is taken by the pull that finds it is so no more."""
    raw = _pushed(ann)
    evil = msgspec.structs.replace(raw, id=_ahead(2), name="evil")
    word = TagRecord(_ahead(2), raw.context, raw.id, {"a": "b"}, 1)
    _forge(ann, evil, word)
    _refusal(bob)
    later = open_repository(
        bob.repository.url,
        cache=tmp_path / "cache-later",
        owner="bob",
        clock=Clock(lambda: time.time() + 3 * _DAY),
    )
    store = Store(later, bob.context)
    assert store.pull().bundles == (f"evil@{evil.id}",)
    assert store.get("raw").tags == {"a": "b"}


def test_a_word_from_the_future_is_left_and_its_bundle_comes(ann: Store, bob: Store) -> None:
    """A tag that no later one could replace is not taken; of other tags of that version all are."""
    raw = _pushed(ann)
    _forge(ann, *(TagRecord(_ahead(days), raw.context, raw.id, {"a": "b"}, 1) for days in (2, 3, 2.5)))
    ann.tag(raw.id, sound="yes")
    ann.push(every=True)
    error = _refusal(bob)
    assert _pulled(error).refused == (
        Refused(
            f"raw@{raw.id}",
            "words",
            "id-ahead",
            "a tag or commit of it is 3.0 days ahead of this machine's clock",
        ),
    )
    assert "stook rm" not in error.hint
    assert bob.get("raw").tags == {"sound": "yes"}
    assert bob.add("own", 1).id < _ahead(1)


@pytest.mark.parametrize("is_large", [False, True])
def test_a_description_that_is_not_the_bundles_is_left(ann: Store, bob: Store, is_large: bool) -> None:
    """A record whose digest is not that of its description is left, be that in it or in a pack; all others come."""
    data = {str(number): number * 1.5 for number in range(3000)} if is_large else 1
    raw = ann.add("raw", data, params={"long": "x" * 40_000} if is_large else {})
    assert (raw.record.manifest is None) is is_large
    ann.push(every=True)
    forged = msgspec.structs.replace(raw.record, id=Clock().new_id(), context=_context(ann), digest="ab" * 32)
    word = TagRecord(Clock().new_id(), forged.context, forged.id, {"a": "b"}, 1)
    _forge(ann, forged, word)
    error = _refusal(bob)
    assert (error.kind, _pulled(error).bundles) == ("wrong-digest", (raw.ref,))
    assert bob.repository.catalog.ids.find_words([word.id]) == set()
    assert "is not the one that its record names" in error.message
    assert error.hint.startswith("stook verify --remote origin ")
    assert [one.ref for one in bob.search()] == [raw.ref]
    assert _refusal(bob, "raw").message.startswith("nothing was pulled")
    assert bob.pull(f"raw@{raw.id}").bundles == ()


def test_of_several_that_are_named_the_good_ones_come(ann: Store, bob: Store) -> None:
    """Names are like everything: what is wrong with one is no reason to leave the others."""
    raw = _pushed(ann)
    _pushed(ann, "more")
    _pushed(ann, "unasked")
    _forge(ann, msgspec.structs.replace(raw, id=_ahead(2), name="evil"))
    done = _pulled(_refusal(bob, "raw", "evil", "more"))
    assert sorted(ref.partition("@")[0] for ref in done.bundles) == ["more", "raw"]
    assert bob.find("unasked") is None


def test_no_alias_is_moved_to_what_was_left(ann: Store, bob: Store) -> None:
    """It stays where it is, or is not made; once the version is here it follows."""
    raw = _pushed(ann)
    ann.alias("prod", raw.id)
    ann.push(every=True)
    bob.pull()
    evil = msgspec.structs.replace(raw, id=_ahead(1.0001))
    _forge(ann, evil)
    there = ann.at_remote()
    there.alias("prod", evil.id)
    there.alias("next", evil.id)
    there.close()
    done = _pulled(_refusal(bob))
    assert done.aliases == ()
    assert [(one.alias, one.id) for one in bob.aliases()] == [("prod", raw.id)]


def test_aliases_that_diverged_are_told_with_it(ann: Store, bob: Store) -> None:
    """The refusal gives the exit code, and both are said, with what to do about each."""
    raw, more = _pushed(ann), _pushed(ann)
    ann.alias("prod", raw.id)
    ann.push(every=True)
    bob.pull()
    bob.alias("prod", more.id)
    ann.alias("prod", more.id)
    ann.alias("prod", raw.id, why="again")
    ann.push(every=True)
    with pytest.raises(ConflictError):
        bob.pull()
    evil = msgspec.structs.replace(raw, id=_ahead(2), name="evil")
    late = _pushed(ann, "late")
    _forge(ann, evil)
    error = _refusal(bob)
    assert _pulled(error).bundles == (f"late@{late.id}",)
    assert f"evil@{evil.id}" in error.message
    assert "moved on both sides: raw@prod" in error.message
    assert error.facts["aliases"] == ["raw@prod"]
    assert "stook rm --remote=origin" in error.hint
    assert "stook pull --force" in error.hint


def _with_damaged_alias(store: Store) -> BundleRecord:
    """Push a bundle with an alias, and damage that on the remote."""
    raw = _pushed(store)
    store.alias("prod", raw.id)
    store.push(every=True)
    there = store.at_remote()
    key = aliases.alias_key(_context(store), "raw", "prod")
    there.repository.storage.delete(key)
    there.repository.storage.put_new(key, b"<html>")
    there.close()
    return raw


def test_a_damaged_alias_is_told_with_it(ann: Store, bob: Store) -> None:
    """Neither hides the other, and versions came all the same."""
    raw = _with_damaged_alias(ann)
    _forge(ann, msgspec.structs.replace(raw, id=_ahead(2), name="evil"))
    error = _refusal(bob)
    assert _pulled(error).bundles == (f"raw@{raw.id}",)
    assert ("evil@" in error.message, "prod" in error.message) == (True, True)


def test_two_bundles_of_one_id_stop_everything(ann: Store, bob: Store) -> None:
    """That is forgery, which somebody must look at before anything is taken; what else is wrong does not hide it."""
    raw, other = _pushed(ann), _pushed(ann, "other")
    bob.repository.log.append(
        [records.dump(msgspec.structs.replace(other, id=raw.id, context=bob.context_id()))]
    )
    _forge(
        ann,
        TagRecord(Clock().new_id(), raw.context, raw.id, {"a": "b"}, 1),
        msgspec.structs.replace(raw, id=_ahead(2), name="evil"),
    )
    error = _refusal(bob)
    assert (error.kind, "pulled" in error.facts) == ("same-id", False)
    assert other.id not in {one.id for one in bob.search()}


def test_what_was_made_from_it_comes_and_is_sound(ann: Store, bob: Store) -> None:
    """A version whose input was left is like one whose input was never pulled: shown, traced, verified, collected."""
    raw = _pushed(ann)
    evil = msgspec.structs.replace(raw, id=Clock().new_id(), name="evil", digest="ab" * 32)
    _forge(ann, evil)
    there = ann.at_remote()
    there.add("child", [1] * 9000, inputs=[there.get(f"evil@{evil.id}")])
    there.close()
    done = _pulled(_refusal(bob))
    assert sorted(ref.partition("@")[0] for ref in done.bundles) == ["child", "raw"]
    found = bob.get("child")
    assert [used.id for used in found.inputs] == [evil.id]
    assert found.data == [1] * 9000
    assert [step.id for step in found.inputs] == [evil.id]
    assert bob.verify(deep=True).is_clean
    bob.gc()
    assert bob.get("child").data == [1] * 9000


def test_a_record_that_is_too_long_here_is_left(ann: Store, bob: Store) -> None:
    """One that just fits the log with the short id of its context there, and not with ours, stops no others."""
    raw = msgspec.structs.replace(ann.add("raw", 1).record, context="c")
    fresh = Clock().new_id
    long, word = fresh(), fresh()
    _forge(
        ann,
        ContextRecord(fresh(), "c", "main", 1),
        raw,
        _padded(msgspec.structs.replace(raw, id=long, name="long")),
        _padded(TagRecord(word, "c", raw.id, {"a": "b"}, 1)),
        TagRecord(fresh(), "c", raw.id, {"c": "d"}, 1),
    )
    error = _refusal(bob)
    assert _pulled(error).bundles == (f"raw@{raw.id}",)
    assert sorted((one.ref, one.part, one.kind) for one in _pulled(error).refused) == [
        (f"long@{long}", "bundle", "record-too-large"),
        (f"raw@{raw.id}", "words", "record-too-large"),
    ]
    assert bob.get("raw").tags == {"c": "d"}


def _padded(record: Record) -> bytes:
    """Return a record as long as one may be, by a field that is passed over."""
    fields = msgspec.json.decode(records.dump(record)) | {"later": ""}
    fields["later"] = "x" * (MAX_PAYLOAD - len(msgspec.json.encode(fields)))
    return msgspec.json.encode(fields)


def test_a_clone_has_all_others(ann: Store, place: Place, machine: OpenStore) -> None:
    """The context and its remote are made, the versions that can be right are in it, and the error has that."""
    raw = _pushed(ann)
    _forge(ann, msgspec.structs.replace(raw, id=_ahead(2), name="evil"))
    bob = machine("bob")
    with pytest.raises(IntegrityError, match="left on origin") as caught:
        clone(bob, place.url, options=place.options)
    cloned = caught.value.facts["cloned"]
    assert isinstance(cloned, Cloned)
    assert cloned.pulled.bundles == (f"raw@{raw.id}",)
    assert [one.name for one in bob.remotes()] == ["origin"]
    assert bob.get("raw").data == {"of": "raw"}


def test_an_error_that_is_of_the_place_stops_as_before(ann: Store, bob: Store) -> None:
    """A remote that is another one now, or gone, is no fault of a version: nothing is taken and nothing left."""
    _pushed(ann)
    there = ann.at_remote()
    there.repository.storage.delete("stook.json")
    with pytest.raises(StookError) as caught:
        pull(bob)
    assert "pulled" not in caught.value.facts
    assert bob.search() == []
    there.close()


def test_a_damaged_alias_alone_is_told_with_what_came(ann: Store, bob: Store) -> None:
    """Where nothing else is wrong, too, the error has what was pulled all the same."""
    raw = _with_damaged_alias(ann)
    error = _refusal(bob)
    assert "prod" in error.message
    assert _pulled(error).bundles == (f"raw@{raw.id}",)
