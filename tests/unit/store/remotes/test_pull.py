"""Bundles taken from a remote: what comes, what does not, what is refused, and what it costs."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec
import pytest

from stook.errors import ConflictError, InputError, IntegrityError, NotFoundError
from stook.format import records
from stook.model.record import RestoreRecord
from stook.store import Bundle, Store
from stook.store.remotes.pull import pull
from stook.store.remotes.report import Progress
from stook.store.remotes.taking import iter_commits
from stook.store.stamp import stamp
from stook.testing import FaultProxy
from tests.unit.store.remotes.conftest import OpenStore, Place
from tests.unit.store.remotes.filling import fill


def _told(store: Store) -> dict[str, tuple[object, ...]]:
    return {
        one.id: (
            one.ref,
            one.digest,
            one.time,
            one.owner,
            one.tags,
            one.params,
            one.committed and one.committed.message,
            [used.id for used in one.inputs],
        )
        for one in store.search()
    }


def _bytes_of(store: Store, bundle: Bundle) -> bytes:
    row = store.repository.catalog.find_bundle(bundle.id)
    assert row is not None
    return row.payload


def test_what_is_pulled_is_here_as_it_is_there(ann: Store, bob: Store, tmp_path: Path) -> None:
    """Bundles come with description, tags, commits, lineage and aliases at once, and with data when that is read."""
    (tmp_path / "given").mkdir()
    for number in range(300):
        (tmp_path / "given" / f"{number}.bin").write_bytes(os.urandom(5_000))
    (tmp_path / "large.bin").write_bytes(os.urandom(20_000_000))
    raw = ann.add("raw", tmp_path / "given", params={"a": 1}, tags={"born": "so"})
    model = ann.add("model", tmp_path / "large.bin", inputs=[raw])
    ann.tag(raw, stage="ok")
    ann.commit(model, "keep")
    ann.alias("prod", model)
    ann.push(every=True)
    pulled = bob.pull()
    assert pulled.bundles == (raw.ref, model.ref)
    assert pulled.aliases == ("model@prod",)
    assert pulled.transferred.size < 500_000
    assert _told(bob) == _told(ann)
    assert bob.get("model@prod").id == model.id
    assert (bob.get("model").data).read_bytes() == (tmp_path / "large.bin").read_bytes()
    folder = bob.get("raw").data
    assert {file.name: file.read_bytes() for file in folder.iterdir()} == {
        file.name: file.read_bytes() for file in (tmp_path / "given").iterdir()
    }
    assert bob.pull().bundles == ()


def test_only_what_is_named_is_pulled(ann: Store, bob: Store) -> None:
    """A name is its newest version there; with `@` or as `version` it is an alias, an id, or the end of one."""
    made = [ann.add("raw", number) for number in range(5)]
    other = ann.add("other", 1)
    ann.alias("prod", made[1])
    ann.push(every=True)
    assert bob.pull("raw").bundles == (made[4].ref,)
    assert bob.pull("raw@prod").bundles == (made[1].ref,)
    assert bob.pull("raw", version=made[0].id).bundles == (made[0].ref,)
    assert bob.pull(f"raw@{made[2].id[-8:]}").bundles == (made[2].ref,)
    assert bob.pull("raw", version=made[2].id).bundles == ()
    assert set(bob.pull().bundles) == {made[3].ref, other.ref}


@pytest.mark.parametrize(
    ("ref", "hint"), [("rav", "did you mean raw?"), ("raw@01ARZ3NDEKTSV4RRFFQ69G5FAV", "")]
)
def test_what_the_remote_has_not_is_said(ann: Store, bob: Store, ref: str, hint: str) -> None:
    """A name that is not there is an error that says what is near; and nothing is taken."""
    ann.add("raw", 1)
    ann.push(every=True)
    with pytest.raises(NotFoundError, match="origin has no") as caught:
        bob.pull("raw", ref)
    assert caught.value.hint == (hint or "stook ls --remote origin raw shows what it has")
    assert bob.search() == []
    with pytest.raises(InputError, match="one name"):
        bob.pull("raw", "raw", version="x")


def test_what_was_removed_here_comes_only_when_named(ann: Store, bob: Store) -> None:
    """A pull of everything leaves what was removed here, and says so; by name it is brought back."""
    kept, gone = ann.add("kept", [1] * 9000), ann.add("gone", [2] * 9000)
    ann.push(every=True)
    bob.pull()
    bob.rm("gone")
    bob.gc()
    left = bob.pull()
    assert (left.bundles, left.restored, left.removed_here) == ((), (), (gone.ref,))
    assert [one.ref for one in bob.search()] == [kept.ref]
    back = bob.pull("gone")
    assert (back.bundles, back.restored) == ((), (gone.ref,))
    assert bob.get("gone").data == [2] * 9000
    assert bob.removed() == []


def test_what_was_removed_there_stays_here(ann: Store, bob: Store) -> None:
    """Removals are not pulled; and what was removed there is not there to be pulled."""
    gone = ann.add("gone", 1)
    later = ann.add("later", 1)
    ann.push("gone", every=True)
    bob.pull()
    ann.push(every=True)
    there = ann.at_remote()
    there.rm(there.get(gone.id), there.get(later.id))
    there.close()
    assert bob.pull().bundles == ()
    assert [one.ref for one in bob.search()] == [gone.ref]
    with pytest.raises(NotFoundError):
        bob.pull("later")


def test_tags_and_commits_come_for_what_is_here(ann: Store, bob: Store) -> None:
    """What others said of a bundle since it was pulled comes with the next pull; of two tags the later holds."""
    raw, other = ann.add("raw", 1), ann.add("other", 1)
    ann.push(every=True)
    bob.pull()
    bob.tag(raw.id, stage="bob")
    ann.repository.clock.observe(bob.repository.clock.new_id())  # what she says from here on is later
    ann.tag(raw, stage="ann", more="x")
    ann.commit(raw, "good")
    ann.tag(other, stage="other")
    ann.push(every=True)
    assert bob.pull("raw").words == 2
    assert bob.get("raw").tags == {"stage": "ann", "more": "x"}
    assert bob.get("raw").committed is not None
    assert bob.get("other").tags == {}
    assert bob.pull().words == 1
    assert bob.get("other").tags == {"stage": "other"}


def test_a_restoration_alone_hides_no_version(ann: Store, bob: Store) -> None:
    """Where it is only known that a version was brought back, and not which it is, it still comes."""
    raw = ann.add("raw", 1)
    ann.push(every=True)
    mark = stamp(bob.repository)
    said = RestoreRecord(mark.id, bob.context_id(), raw.id, mark.time)
    bob.repository.log.append([records.dump(said)])
    done = bob.pull()
    assert (done.bundles, done.elsewhere) == ((raw.ref,), ())
    assert bob.get("raw").data == 1


def test_a_record_keeps_every_byte_but_the_context(ann: Store, bob: Store) -> None:
    """Fields that this version does not know come along; only the id of the context is that of the one here."""
    mine = bob.add("mine", 1)
    raw = ann.add("raw", 1)
    ann.push(every=True)
    there = ann.at_remote()
    mark = stamp(there.repository)
    fields = msgspec.json.decode(_bytes_of(ann, raw))
    fields |= {"id": mark.id, "context": there.context_id(), "later": {"x": [1.0, None]}}
    there.repository.log.append([msgspec.json.encode(fields)])
    there.close()
    bob.pull()
    found = bob.get(mark.id)
    fields |= {"context": mine.record.context}
    assert _bytes_of(bob, found) == msgspec.json.encode(fields)
    assert found.record.context == mine.record.context


def test_another_bundle_of_an_id_that_is_here_is_refused(
    ann: Store, bob: Store, machine: OpenStore, place: Place
) -> None:
    """Where the remote has other content under an id that is here, nothing that is said of it is taken."""
    raw, other = ann.add("raw", 1), ann.add("raw", 2)
    ann.push(f"raw@{other.id}")
    context = bob.context_id()
    forged = msgspec.structs.replace(other.record, id=raw.id, context=context)
    bob.repository.log.append([records.dump(forged)])
    ann.tag(raw, stage="x")
    ann.push(every=True)
    with pytest.raises(IntegrityError, match="not the bundle of that id") as caught:
        bob.pull()
    assert caught.value.kind == "same-id"
    assert bob.get(raw.id).tags == {}


def test_aliases_follow_and_where_both_moved_it_is_said_last(ann: Store, bob: Store) -> None:
    """An alias that was moved on both sides is a conflict after all else is done; by force theirs is taken."""
    first, second = ann.add("raw", 1), ann.add("raw", 2)
    ann.alias("prod", first)
    ann.push(every=True)
    bob.pull()
    ann.alias("prod", second)
    ann.push(every=True)
    assert bob.pull().aliases == ("raw@prod",)
    bob.alias("prod", first)
    ann.alias("prod", first)
    ann.alias("prod", second, why="again")
    late = ann.add("late", 1)
    ann.push(every=True)
    with pytest.raises(ConflictError) as caught:
        bob.pull()
    assert caught.value.kind == "alias-diverged"
    assert bob.get("late").id == late.id
    assert bob.get("raw@prod").id == first.id
    bob.pull(force=True)
    assert bob.get("raw@prod").id == second.id


def test_with_data_all_is_here(ann: Store, bob: Store, place: Place, tmp_path: Path) -> None:
    """After a pull with data, also of what was here before, no remote is needed to read anything."""
    (tmp_path / "large.bin").write_bytes(os.urandom(20_000_000))
    ann.add("large", tmp_path / "large.bin")
    ann.add("list", list(range(20_000)))
    ann.push(every=True)
    bob.pull()
    assert bob.pull(data=True).transferred.size > 20_000_000
    assert bob.pull(data=True).transferred.size == 0
    bob.remove_remote("origin")
    assert bob.verify(deep=True).is_clean
    assert bob.verify().elsewhere == ()
    assert bob.get("large").data.read_bytes() == (tmp_path / "large.bin").read_bytes()


def test_progress_never_goes_back(ann: Store, bob: Store, tmp_path: Path) -> None:
    """However many rounds it takes, what is told to have come grows, up to all of it."""
    (tmp_path / "large.bin").write_bytes(os.urandom(20_000_000))
    ann.add("large", tmp_path / "large.bin")
    ann.push(every=True)
    told: list[Progress] = []
    pull(bob, data=True, observer=told.append)
    done = [progress.done for progress in told]
    assert done == sorted(done)
    assert told[-1].done == told[-1].total >= 20_000_000


def test_records_are_written_in_as_few_commits_as_they_fit_in() -> None:
    """None is cut, none is left out, and one alone may be as long as it is."""
    payloads = [bytes([number]) * 100 for number in range(10)]
    assert list(iter_commits(payloads, 1200)) == [payloads]
    assert list(iter_commits(payloads, 360)) == [payloads[:3], payloads[3:6], payloads[6:9], payloads[9:]]
    assert list(iter_commits(payloads, 1)) == [[payload] for payload in payloads]
    assert list(iter_commits([])) == []


def test_a_pull_that_was_cut_goes_on(ann: Store, bob: Store, tmp_path: Path) -> None:
    """A pull that was interrupted half way has made nothing visible; the next takes what had not come yet."""
    for number in range(4):
        (tmp_path / f"{number}.bin").write_bytes(os.urandom(6_000_000))
        ann.add(f"n{number}", tmp_path / f"{number}.bin")
    ann.push(every=True)

    def interrupt(progress: Progress) -> None:
        if progress.done > 6_000_000:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        pull(bob, data=True, observer=interrupt)
    assert bob.search() == []
    rest = bob.pull(data=True)
    assert len(rest.bundles) == 4
    assert 0 < rest.transferred.size < 24_000_000 - 5_900_000
    assert bob.verify(deep=True).is_clean


def test_a_pull_of_nothing_costs_three_requests(s3_place: Place, machine: OpenStore) -> None:
    """Where all is here, the remote is asked who it is, what is new, and for its aliases."""
    with FaultProxy(s3_place.endpoint) as proxy:
        ann, bob = machine("ann"), machine("bob")
        for store in (ann, bob):
            store.add_remote("origin", s3_place.url, {**s3_place.options, "endpoint": proxy.endpoint})
        for number in range(5):
            ann.alias("prod", ann.add(f"n{number}", {"bytes": os.urandom(6_000)}))
        ann.push(every=True)
        bob.pull()
        bob.pull()
        proxy.set_faults()
        bob.pull()
        assert len(proxy.requests) <= 3, proxy.requests


@pytest.mark.full
def test_one_of_many_costs_ten_requests(s3_place: Place, machine: OpenStore) -> None:
    """From a remote of 2,000 bundles that was never asked before, a small one comes in ten requests, read and all."""
    ann = machine("ann")
    ann.add_remote("origin", s3_place.url, s3_place.options)
    there = ann.at_remote()
    refs = [ref for part in range(8) for ref in fill(there, 250, prefix=f"part{part}")]
    there.close()
    with FaultProxy(s3_place.endpoint) as proxy:
        bob = machine("bob")
        bob.add_remote("origin", s3_place.url, {**s3_place.options, "endpoint": proxy.endpoint})
        cold = machine("bob", cache="cold")
        proxy.set_faults()
        cold.pull(refs[777])
        assert len(cold.get(refs[777]).data.read_bytes()) == 10_000
        assert len(proxy.requests) <= 10, proxy.requests
