"""Taking versions away and bringing them back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

import stook
from stook.app.removing import bring_back, list_removed, plan_old, plan_scratch
from stook.errors import ConflictError, InputError, NotFoundError
from stook.model.lineage import Lineage
from stook.store import Bundle, Store

_LATER = datetime.now(UTC) + timedelta(days=60)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """An empty store."""
    return stook.open(tmp_path / "store", context="test")


def test_what_was_removed_is_gone_and_can_come_back(store: Store) -> None:
    """A removed version is in no listing; the one before it is the latest; restoring undoes that exactly."""
    old, new = store.add("raw", 1), store.add("raw", 2)
    store.rm(new)
    assert (store.get("raw"), store.versions("raw"), store.removed()) == (old, [old], [new])
    with pytest.raises(NotFoundError, match="was removed") as caught:
        store.get(new.id)
    assert caught.value.hint == f"stook restore {new.id}"
    assert store.restore(f"raw@{new.id[-8:]}") == [new]
    assert (store.get("raw"), store.removed()) == (new, [])
    assert store.get(new.id).data == 2


def test_a_name_stands_for_all_its_versions(store: Store) -> None:
    """Removing a name takes every version; the error after it says how to get them back."""
    made = [store.add("raw", number) for number in range(3)]
    store.add("raw2", 1)
    assert store.rm("raw") == made[::-1]
    assert [bundle.name for bundle in store.ls()] == ["raw2"]
    with pytest.raises(NotFoundError, match="all versions of raw were removed"):
        store.get("raw")
    assert set(bring_back(store, ["raw"]).bundles) == set(made)


def test_the_last_word_counts_whoever_says_it(store: Store, tmp_path: Path) -> None:
    """Removals and restorings through two stores hold in the order in which they were said."""
    bundle = store.add("raw", 1)
    other = stook.open(tmp_path / "store", context="test")
    for _ in range(3):
        store.rm(bundle)
        other.restore(bundle)
        other.rm(bundle)
        store.restore(bundle)
    assert other.get("raw") == bundle
    fresh = Store(stook.open(tmp_path / "store", context="test").repository, "test")
    assert fresh.get("raw") == bundle


def test_what_others_were_made_from_stays(store: Store) -> None:
    """A version with dependents is not removed, and they are named; together with them, or by force, it is."""
    raw = store.add("raw", 1)
    made = store.add("features", {"x": "y" * 30_000}, inputs=[raw])
    large = store.in_context("elsewhere").add("large", {f"{n}": "y" * 100 for n in range(400)}, inputs=[raw])
    with pytest.raises(ConflictError, match="was made from it") as caught:
        store.rm(raw)
    assert made.ref in str(caught.value)
    assert large.ref in str(caught.value)
    assert store.get("raw") == raw
    store.rm(raw, made, large)
    store.restore(raw, made)
    store.rm(raw, force=True)
    assert store.find("raw") is None


def test_an_input_known_only_from_a_manifest_in_a_pack_counts(store: Store) -> None:
    """Dependents are found also where their descriptions are too long for the log."""
    raw = store.add("raw", 1)
    store.add("long", 1, inputs=[raw], params={f"p{number}": "x" * 100 for number in range(300)})
    with pytest.raises(ConflictError, match="long@"):
        store.rm(raw)


def test_what_an_alias_stands_for_stays(store: Store) -> None:
    """A version with an alias is not removed unless forced; then the alias finds nothing, and says so."""
    bundle = store.add("raw", 1)
    store.alias("prod", bundle)
    with pytest.raises(ConflictError, match="the alias raw@prod stands for it"):
        store.rm("raw")
    store.rm("raw", force=True)
    assert store.find("raw@prod") is None
    store.restore(bundle)
    assert store.get("raw@prod") == bundle


def test_all_or_none(store: Store) -> None:
    """Where one of several may not go, all stay."""
    raw = store.add("raw", 1)
    free = store.add("free", 1)
    store.add("made", 1, inputs=[raw])
    with pytest.raises(ConflictError):
        store.rm(free, raw)
    assert store.get("free") == free


def test_old_versions_go_and_what_is_kept_stays(store: Store) -> None:
    """`--old` leaves the newest, and what is committed, aliased or in use."""
    versions = [store.add("raw", number) for number in range(6)]
    store.commit(versions[0], "keep")
    store.alias("prod", versions[1])
    store.add("made", 1, inputs=[versions[2]])
    plan = plan_old(store, ["raw"])
    assert (list(plan.bundles), plan.kept) == ([versions[4], versions[3]], 3)
    assert plan_old(store, ["raw"], keep=2).bundles == (versions[3],)


def _result(store: Store, name: str, number: int, *inputs: Bundle) -> Bundle:
    lineage = Lineage(task="m:T", fingerprint=f"{number:064x}")
    return store.add(name, number, lineage=lineage, inputs=inputs)


def test_scratch_is_what_nobody_asked_to_keep(store: Store) -> None:
    """Old results of tasks go: not what was added by hand, tagged, young, the newest, or used by what stays."""
    by_hand = [store.add("hand", number) for number in range(2)]
    results = [_result(store, "result", number) for number in range(5)]
    store.tag(results[0], a="b")
    _result(store, "final", 9, results[1])
    chain = [_result(store, "one", number, results[2]) for number in range(2)]
    assert plan_scratch(store, [], older_than=timedelta(days=30)).bundles == ()
    plan = plan_scratch(store, [], older_than=timedelta(days=30), now=_LATER)
    assert set(plan.bundles) == {results[3], chain[0]}
    assert by_hand[0] not in plan.bundles
    assert plan_scratch(store, ["o*"], older_than=timedelta(0), now=_LATER).bundles == (chain[0],)


def test_a_context_goes_with_its_bundles_and_comes_back_one_by_one(store: Store) -> None:
    """A deleted context is not listed; its name can be used again, and its bundles restored into it."""
    bundle = store.add("raw", 1)
    store.add("raw", 2)
    assert len(store.delete_context("test")) == 2
    assert store.contexts() == []
    assert store.ls() == []
    again = store.in_context("test")
    assert again.add("new", 1).record.context == bundle.record.context
    assert again.restore(bundle) == [bundle]
    assert [context.bundles for context in again.contexts()] == [2]


def test_what_is_added_to_a_context_as_it_is_deleted_is_not_lost(store: Store, tmp_path: Path) -> None:
    """Who had the context open and adds after its deletion has a context with that bundle alone."""
    store.add("raw", 1)
    other = stook.open(tmp_path / "store", context="test")
    other.add("mine", 1)
    store.delete_context("test")
    kept = other.add("late", 1)
    assert other.ls() == store.ls() == [kept]
    assert [(context.name, context.bundles) for context in store.contexts()] == [("test", 1)]


def test_contexts_are_renamed_and_made(store: Store) -> None:
    """A renamed context keeps its bundles; a name that is taken is refused, and an unknown one is answered."""
    bundle = store.add("raw", 1)
    store.create_context("other")
    with pytest.raises(ConflictError):
        store.create_context("test")
    with pytest.raises(ConflictError):
        store.rename_context("test", "other")
    with pytest.raises(NotFoundError, match="no context 'tset'") as caught:
        store.rename_context("tset", "x")
    assert caught.value.hint == "did you mean test?"
    assert store.rename_context("test", "Ünï").id == bundle.record.context
    assert store.in_context("Ünï").ls() == [bundle]


def test_what_was_removed_is_listed(store: Store) -> None:
    """Removed versions are listed, newest first, until they are restored."""
    made = [store.add("raw", number) for number in range(3)]
    store.rm(made[0], made[2])
    assert list_removed(store) == [made[2], made[0]]
    store.restore(made[2])
    assert list_removed(store) == [made[0]]
    with pytest.raises(NotFoundError):
        store.restore(made[2])


def test_what_was_collected_holds_nothing_up(store: Store, tmp_path: Path) -> None:
    """A machine that never read the description of a bundle that was collected can remove others."""
    folder = tmp_path / "folder"
    folder.mkdir()
    for number in range(200):
        (folder / f"a-file-of-a-name-that-is-long-{number:04}").write_bytes(b"%d" % number * 2_000)
    large, small = store.add("large", folder), store.add("small", 1)
    assert large.record.manifest_blob is not None
    store.rm(large)
    assert store.gc().swept.count
    store.rebuild()
    assert store.rm("small") == [small]


def test_a_damaged_description_holds_nothing_up(store: Store, tmp_path: Path) -> None:
    """A bundle whose description is lost can be removed, and so can others."""
    folder = tmp_path / "folder"
    folder.mkdir()
    for number in range(200):
        (folder / f"a-file-of-a-name-that-is-long-{number:04}").write_bytes(b"%d" % number * 2_000)
    large, small = store.add("large", folder), store.add("small", 1)
    for pack in Path(store.repository.url, "packs", "meta").rglob("*.pack"):
        pack.unlink()
    store = stook.open(tmp_path / "store", context="test")
    assert store.rm("small") == [small]
    assert store.rm("large") == [large]


def test_a_version_that_is_named_twice_is_removed_once(store: Store) -> None:
    """Naming a bundle in several ways makes one of it."""
    bundle = store.add("raw", 1)
    assert store.rm(bundle, bundle.ref, "raw") == [bundle]
    assert [happening.what for happening in store.log("raw")] == ["removed", "added"]


def test_a_bundle_of_another_store_is_not_found(store: Store, tmp_path: Path) -> None:
    """Nothing is said in the log of what is not there."""
    other = stook.open(tmp_path / "other", context="test").add("raw", 1)
    with pytest.raises(NotFoundError):
        store.rm(other)
    with pytest.raises(NotFoundError):
        store.commit(other, "why")
    assert list(store.repository.catalog.iter_known()) == []


def test_a_message_that_is_no_unicode_is_refused(store: Store) -> None:
    """As it comes of bytes in the arguments of a command."""
    bundle = store.add("raw", 1)
    with pytest.raises(InputError, match="Unicode"):
        store.commit(bundle, "caf\udce9")
    assert store.get("raw").committed is None


def test_a_name_that_cannot_be_is_refused(store: Store) -> None:
    """Half of a surrogate pair is no name of versions, removed ones or not."""
    with pytest.raises(InputError):
        store.removed("\udce9")
    with pytest.raises(InputError):
        store.versions("\udce9")
    with pytest.raises(InputError):
        store.aliases("\udce9")
