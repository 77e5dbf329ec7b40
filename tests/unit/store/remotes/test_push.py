"""Bundles sent to a remote: what arrives, what does not, and what it costs."""

from __future__ import annotations

import os
import pickle
from pathlib import Path

import pytest

from stook.errors import ConflictError, InputError, NotFoundError
from stook.format import records
from stook.model.record import DeleteRecord
from stook.store import Bundle, Store
from stook.store.remotes.choosing import Choice
from stook.store.remotes.outgoing import Outgoing, Sent
from stook.store.remotes.push import push
from stook.store.remotes.report import Progress
from stook.store.stamp import stamp
from stook.store.verify import verify
from stook.testing import FaultProxy
from tests.unit.store.remotes.conftest import OpenStore, Place


@pytest.fixture
def ann(place: Place, machine: OpenStore) -> Store:
    """A store with a remote."""
    store = machine("ann")
    store.add_remote("origin", place.url, place.options)
    return store


def _told(store: Store) -> dict[str, tuple[object, ...]]:
    """Return all that a store says of its bundles."""
    return {
        one.id: (
            one.name,
            one.digest,
            one.time,
            one.owner,
            one.tags,
            one.params,
            one.committed.message if one.committed else None,
            [used.id for used in one.inputs],
        )
        for one in store.search()
    }


def _read(store: Store) -> dict[str, object]:
    return {one.id: one.data for one in store.search()}


def _is_clean(store: Store) -> bool:
    return verify(store, deep=True, quarantine=False).is_clean


def test_what_is_pushed_is_there_as_it_is_here(ann: Store, tmp_path: Path) -> None:
    """Bundles, their tags and commits, and their content are on the remote as they are here."""
    (tmp_path / "given").mkdir()
    (tmp_path / "given" / "big.bin").write_bytes(os.urandom(700_000))
    raw = ann.add("raw", tmp_path / "given", params={"a": 1}, tags={"born": "so"})
    model = ann.add("model", {"weights": list(range(9999)), "tiny": b"x"}, inputs=[raw])
    ann.tag(raw, stage="ok", gone="soon")
    ann.untag(raw, "gone")
    ann.commit(raw, "keep")
    ann.commit(model, "keep this too")
    ann.alias("prod", raw)
    pushed = ann.push()
    there = ann.at_remote()
    assert pushed.bundles == (raw.ref, model.ref)
    assert (pushed.words, pushed.aliases, pushed.present, pushed.restored) == (4, ("raw@prod",), 0, ())
    assert _told(there) == _told(ann)
    assert there.get("raw@prod").id == raw.id
    assert there.get("model").data == model.data
    assert (there.get("raw").data / "big.bin").read_bytes() == (tmp_path / "given" / "big.bin").read_bytes()
    assert _is_clean(there)


def test_scratch_stays_unless_it_is_named(ann: Store) -> None:
    """A bare push sends what was committed and says how much was not; a name or `every` sends scratch too."""
    first = ann.add("raw", {"n": 1})
    second = ann.add("raw", {"n": 2})
    ann.commit(first, "keep")
    pushed = ann.push()
    assert (pushed.bundles, pushed.scratch) == ((first.ref,), 1)
    pushed = ann.push()
    assert (pushed.bundles, pushed.present, pushed.scratch) == ((), 1, 1)
    pushed = ann.push("raw")
    assert (pushed.bundles, pushed.scratch) == ((second.ref,), 0)
    assert ann.push().scratch == 0
    third = ann.add("other", {"n": 3})
    assert ann.push(every=True).bundles == (third.ref,)


def test_bundles_of_a_remote_can_be_pickled(ann: Store) -> None:
    """A bundle of a remote is read from there by whoever loads its pickle, with the remote's settings."""
    ann.add("raw", {"x": os.urandom(5000)})
    ann.push("raw")
    revived = pickle.loads(pickle.dumps(ann.at_remote().get("raw")))  # noqa: S301 - our own
    assert revived.data == ann.get("raw").data


def test_nothing_to_send_is_no_error(ann: Store) -> None:
    """A push from an empty context, or of scratch alone, sends nothing and makes no context there."""
    assert ann.push().bundles == ()
    ann.add("raw", 1)
    pushed = ann.push()
    assert (pushed.bundles, pushed.scratch, pushed.transferred.packs) == ((), 1, 0)
    assert ann.at_remote().contexts() == []


def test_only_chunks_that_are_lacking_go_over(ann: Store, machine: OpenStore, tmp_path: Path) -> None:
    """Content that the remote has, from whomever, is not sent again."""
    for name, size in (("shared", 100_000), ("own", 50_000)):
        (tmp_path / name).write_bytes(os.urandom(size))
    ann.add("raw", {"shared": tmp_path / "shared"})
    ann.push("raw")
    bob = machine("bob")
    config = ann.remotes()[0]
    bob.add_remote("origin", config.url, config.options)
    bob.add("mine", {"shared": tmp_path / "shared", "own": tmp_path / "own"})
    pushed = bob.push("mine")
    assert 50_000 <= pushed.transferred.size < 60_000
    data = bob.at_remote().get("mine").data
    assert [data[name].read_bytes() == (tmp_path / name).read_bytes() for name in ("shared", "own")] == [
        True
    ] * 2
    assert _is_clean(bob.at_remote())


def test_words_of_bundles_that_both_have_are_sent_once(ann: Store) -> None:
    """Later tags and commits follow, of what is there; of a named bundle its own alone."""
    raw, model, here = ann.add("raw", 1), ann.add("model", 2), ann.add("here", 3)
    ann.push("raw", "model")
    for number in range(3):
        ann.tag(raw, n=str(number))
    ann.tag(model, stage="ok")
    ann.tag(here, stage="no")
    pushed = ann.push("model")
    assert (pushed.words, pushed.present) == (1, 1)
    assert ann.at_remote().get("raw").tags == {}
    assert ann.push().words == 3
    assert ann.push().words == 0
    assert ann.at_remote().get("raw").tags == {"n": "2"}
    ann.commit(raw, "keep")
    pushed = ann.push()
    assert (pushed.bundles, pushed.words) == ((), 1)


def test_the_last_word_holds_whoever_pushes_it(ann: Store, machine: OpenStore) -> None:
    """Of two who give one tag the later one holds on the remote, also where it is pushed first."""
    raw = ann.add("raw", 1)
    ann.push("raw")
    bob = machine("bob")
    config = ann.remotes()[0]
    bob.add_remote("origin", config.url, config.options)
    bob.pull()
    ann.tag(raw, who="ann")
    bob.tag("raw", who="bob")
    bob.push()
    ann.push()
    assert ann.at_remote().get("raw").tags == {"who": "bob"}


def test_deletes_stay_here(ann: Store) -> None:
    """A bundle that was pushed and is removed here stays on the remote, words and all."""
    raw = ann.add("raw", 1)
    ann.push("raw")
    ann.rm(raw)
    assert ann.push(every=True).words == 0
    ann.restore(raw)
    assert ann.push(every=True).words == 0
    assert ann.at_remote().get("raw").id == raw.id


def test_what_was_removed_there_comes_back_by_name_alone(ann: Store) -> None:
    """What someone removed on the remote is left by a push that does not name it, and restored by one that does."""
    raw = ann.commit(ann.add("raw", {"x": os.urandom(5000)}), "keep")
    ann.push()
    there = ann.at_remote()
    there.rm(raw.id)
    for pushed in (ann.push(), ann.push(every=True)):
        assert (pushed.bundles, pushed.restored, pushed.removed_there) == ((), (), (raw.ref,))
    assert there.find("raw") is None
    pushed = ann.push("raw")
    assert (pushed.bundles, pushed.restored, pushed.removed_there) == ((), (raw.ref,), ())
    assert there.get("raw").data == raw.data
    assert ann.push("raw").present == 1


def test_what_was_collected_there_is_sent_again(ann: Store) -> None:
    """A bundle that was removed on the remote, and whose content was collected, is sent whole when it is named."""
    raw = ann.add("raw", {"x": os.urandom(5000)})
    other = ann.add("other", {"x": os.urandom(5000)})
    ann.push(every=True)
    there = ann.at_remote()
    there.rm(raw.id, other.id)
    for entry in list(there.repository.storage.list("packs/")):
        there.repository.storage.delete(entry.key)
    there.rebuild()
    pushed = ann.push("raw")
    assert (pushed.restored, pushed.transferred.chunks) == ((raw.ref,), 1)
    assert there.get("raw").data == raw.data
    assert there.find("other") is None


def test_what_is_only_known_as_removed_there_is_sent_whole(ann: Store) -> None:
    """Where the remote knows no more of a bundle than that it was removed, its record goes along when it is named."""
    raw = ann.commit(ann.add("raw", {"x": 1}), "keep")
    there = ann.at_remote()
    mark = stamp(there.repository)
    gone = DeleteRecord(mark.id, there.context_id(), raw.id, mark.time, mark.owner)
    there.repository.log.append([records.dump(gone)])
    assert ann.push().removed_there == (raw.ref,)
    pushed = ann.push("raw")
    assert pushed.restored == (raw.ref,)
    there.refresh()
    assert there.get("raw").data == {"x": 1}


def test_data_that_is_elsewhere_is_fetched_for_it(ann: Store, machine: OpenStore, tmp_path: Path) -> None:
    """Who has pulled no data pushes it on to another remote nevertheless; where that has it, nothing is fetched."""
    raw = ann.add("raw", {"x": os.urandom(40_000)})
    ann.push("raw")
    bob, config = machine("bob"), ann.remotes()[0]
    bob.add_remote("origin", config.url, config.options)
    bob.add_remote("backup", str(tmp_path / "backup"))
    bob.pull()
    assert bob.push("raw").present == 1
    ann.at_remote().rm(raw.id)
    assert bob.push("raw").restored == (raw.ref,)
    assert list(bob.repository.storage.list("packs/data")) == []
    pushed = bob.push("raw", remote="backup")
    assert (pushed.bundles, pushed.transferred.chunks) == ((raw.ref,), 1)
    assert bob.at_remote("backup").get("raw").data == raw.data


def test_more_than_one_commit_takes_is_refused() -> None:
    """Records that cannot appear all at once, since they are more than a segment takes, are refused."""
    for count, is_fine in ((2_000, True), (2_100, False)):
        sent = (Sent(bytes(64_000), is_revived=False),) * count
        outgoing = Outgoing((), sent, frozenset(), 0, (), 0, ())
        if is_fine:
            outgoing.require_one_commit()
            continue
        with pytest.raises(InputError) as caught:
            outgoing.require_one_commit()
        assert caught.value.kind == "commit-too-large"


def test_inputs_of_other_contexts_go_to_theirs(ann: Store) -> None:
    """With inputs all that a bundle was made from goes along, into contexts of the same names, made where needed."""
    shared = ann.in_context("shared").add("source", {"x": 1})
    ann.in_context("shared").tag(shared, stage="ok")
    model = ann.add("model", {"y": 1}, inputs=[ann.add("raw", {"x": 2}, inputs=[shared])])
    assert ann.push("model").bundles == (model.ref,)
    pushed = ann.push("model", with_inputs=True)
    assert pushed.bundles == (shared.ref, ann.get("raw").ref)
    there = ann.at_remote()
    assert [context.name for context in there.contexts()] == ["main", "shared"]
    assert there.in_context("shared").get("source").tags == {"stage": "ok"}
    assert there.in_context("shared").context_id() != ann.in_context("shared").context_id()
    assert ann.in_context("shared").add_remote("origin", *_place(ann)).how == "name"
    assert ann.push("model", with_inputs=True).bundles == ()


def test_a_push_is_one_segment(ann: Store) -> None:
    """All that is pushed becomes visible in one step: whoever reads meanwhile sees all of it or nothing."""
    for number in range(30):
        ann.tag(ann.add(f"n{number}", {"n": number}), n=str(number))
    there = ann.at_remote()
    before = len(list(there.repository.storage.list("log")))
    ann.push(every=True)
    entries = list(there.repository.storage.list("log"))
    assert len(entries) == before + 1
    assert len(there.ls()) == 30


def test_records_go_over_as_they_are(ann: Store) -> None:
    """A record on the remote is that here, byte by byte, but for the id of the context."""
    raw = ann.add("raw", {"x": 1})
    ann.push("raw")
    there = ann.at_remote()
    here_row, there_row = (one.repository.catalog.find_bundle(raw.id) for one in (ann, there))
    assert here_row is not None
    assert there_row is not None
    mine, theirs = ann.context_id().encode(), there.context_id().encode()
    assert mine != theirs
    assert there_row.payload == here_row.payload.replace(mine, theirs)
    assert records.load(there_row.payload).context == there.context_id()


def test_aliases_that_diverged_are_told_at_the_end(ann: Store) -> None:
    """Where an alias was moved on both sides all else is pushed, and the error says what is where; force decides."""
    first, second = ann.add("raw", 1), ann.add("raw", 2)
    ann.alias("prod", first)
    ann.push("raw", every=True)
    there = ann.at_remote()
    there.alias("prod", second.id)
    third = ann.add("raw", 3)
    ann.alias("prod", third)
    with pytest.raises(ConflictError) as caught:
        ann.push("raw")
    assert caught.value.kind == "alias-diverged"
    told = f"raw@prod is {third.id[-8:]} (moved by ann) here, and {second.id[-8:]} (moved by ann) on origin"
    assert told in str(caught.value)
    assert there.get("raw").id == third.id
    assert there.get("raw@prod").id == second.id
    assert ann.push("raw", force=True).aliases == ("raw@prod",)
    assert there.get("raw@prod").id == third.id


def test_a_context_that_is_gone_there_is_made_again(ann: Store) -> None:
    """Where someone deleted the context on the remote, the next push of something new makes it again."""
    ann.add("raw", 1)
    ann.push("raw")
    ann.at_remote().delete_context("main")
    other = ann.add("other", 2)
    assert ann.push("other").bundles == (other.ref,)
    there = ann.at_remote()
    assert [context.name for context in there.contexts()] == ["main"]
    assert [bundle.name for bundle in there.ls()] == ["other"]


def test_a_context_that_others_made_meanwhile_is_taken(ann: Store) -> None:
    """Where a context of the name came to be there after the remote was added, under another id, that one is meant."""
    there = ann.at_remote().in_context("draft")
    theirs = there.add("theirs", 1)
    there.rename_context("draft", "main")
    assert ann.remotes()[0].remote_context != there.context_id()
    ann.add("ours", 2)
    ann.push("ours")
    assert ann.remotes()[0].remote_context == there.context_id()
    assert [context.name for context in there.contexts()] == ["main"]
    assert {bundle.name for bundle in ann.at_remote().ls()} == {"ours", theirs.name}


def test_older_versions_of_a_name_are_looked_at_among_many_packs(
    s3_place: Place, machine: OpenStore, tmp_path: Path
) -> None:
    """However many packs a bucket has, what is in those of the same name is not sent again."""
    content = tmp_path / "table.bin"
    content.write_bytes(os.urandom(100_000))
    ann, bob = machine("ann"), machine("bob")
    for store in (ann, bob):
        store.add_remote("origin", s3_place.url, s3_place.options)
    ann.add("table", {"old": content})
    for number in range(70):
        _add(ann, number)
    ann.push(every=True)
    bob.add("table", {"old": content, "note": os.urandom(9_000)})
    assert bob.push("table").transferred.size < 30_000
    assert bob.at_remote().get("table").data["old"].read_bytes() == content.read_bytes()


def test_progress_is_told(ann: Store) -> None:
    """An observer hears how many bytes have gone, up to all of them."""
    ann.add("raw", {"x": os.urandom(200_000)})
    heard: list[Progress] = []
    pushed = push(ann, Choice(("raw",)), observer=heard.append)
    sent = [progress for progress in heard if progress.step == "send"]
    assert sent[-1].done == sent[-1].total >= 200_000
    assert pushed.transferred.chunks >= 1


def test_what_is_named_must_be_there(ann: Store, tmp_path: Path) -> None:
    """A bundle or remote that there is not is an error before anything is sent."""
    with pytest.raises(NotFoundError) as caught:
        ann.push("nothing")
    assert caught.value.kind == "bundle-not-found"
    with pytest.raises(NotFoundError, match="no remote 'elsewhere'; it has origin"):
        ann.push(remote="elsewhere")


@pytest.mark.parametrize("count", [1, 50])
def test_a_first_push_costs_six_requests_beside_its_packs(
    count: int, s3_place: Place, machine: OpenStore
) -> None:
    """However many bundles there are: who are you, what is there, the packs, and one segment."""
    with FaultProxy(s3_place.endpoint) as proxy:
        ann = machine("ann")
        ann.add_remote("origin", s3_place.url, {**s3_place.options, "endpoint": proxy.endpoint})
        packs = {pack for number in range(count) for pack in _add(ann, number).record.packs}
        proxy.set_faults()
        ann.push(every=True)
        asked = [request.method for request in proxy.requests]
    assert len(packs) == count
    assert asked.count("PUT") == 1 + 1  # small packs go over as one
    assert len(asked) <= 1 + 6


def test_a_push_of_nothing_costs_two_requests(s3_place: Place, machine: OpenStore) -> None:
    """Where the remote has it all, aliases and words too, it is asked who it is and what is new, and no more."""
    with FaultProxy(s3_place.endpoint) as proxy:
        ann = machine("ann")
        ann.add_remote("origin", s3_place.url, {**s3_place.options, "endpoint": proxy.endpoint})
        for number in range(5):
            ann.tag(_add(ann, number), n="1")
            ann.alias("prod", f"n{number}")
        ann.push(every=True)
        ann.push(every=True)
        proxy.set_faults()
        ann.push(every=True)
        assert len(proxy.requests) <= 2, proxy.requests


def _add(store: Store, number: int) -> Bundle:
    return store.add(f"n{number}", {"bytes": os.urandom(6_000)})


def _place(store: Store) -> tuple[str, dict[str, str]]:
    config = store.remotes()[0]
    return config.url, config.options
