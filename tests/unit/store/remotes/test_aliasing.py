"""Aliases on two sides: who goes on from the other is followed, and who does not is told."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import msgspec
import pytest

from stook.errors import ConflictError, FormatError, IntegrityError
from stook.format import aliases
from stook.storage.protocol import Content, Storage
from stook.store import Bundle, Store
from stook.store.remotes.aliasing import AliasOutcome, sync_aliases
from stook.testing import FaultyStorage
from tests.unit.store.remotes.conftest import OpenStore, Place


@dataclass
class Sides:
    """Somebody's store and a remote, both with three versions of `raw`."""

    ann: Store
    there: Store
    versions: list[Bundle]

    def send(self, *names: str, force: bool = False) -> AliasOutcome:
        """Bring aliases to the remote."""
        return _sync(self.ann, self.there, *names, force=force)

    def take(self, *names: str, force: bool = False) -> AliasOutcome:
        """Bring the remote's aliases here."""
        return _sync(self.there, self.ann, *names, force=force)

    def standing(self) -> tuple[str | None, str | None]:
        """Return the versions that `raw@prod` stands for here and there."""
        return _standing(self.ann), _standing(self.there)

    def is_one(self) -> bool:
        """Tell whether both sides have the very same object."""
        return _data(self.ann) == _data(self.there)


@pytest.fixture
def sides(place: Place, machine: OpenStore) -> Sides:
    """A store that has pushed all, and its remote."""
    ann = machine("ann")
    versions = [ann.add("raw", number) for number in range(3)]
    ann.add("only.here", 1)
    ann.add_remote("origin", place.url, place.options)
    ann.push("raw", every=True)
    return Sides(ann, ann.at_remote(), versions)


def _sync(source: Store, target: Store, *names: str, force: bool = False) -> AliasOutcome:
    return sync_aliases(
        source.repository, source.context_id(), target.repository, target.context_id(), names, force
    )


def _standing(store: Store) -> str | None:
    return next((alias.id for alias in store.aliases("raw", dropped=True) if alias.alias == "prod"), None)


def _data(store: Store) -> bytes:
    return store.repository.storage.get(_key(store, "raw", "prod")).data


def _key(store: Store, name: str, alias: str) -> str:
    return aliases.alias_key(store.context_id(), name, alias)


def test_the_side_that_goes_on_is_followed(sides: Sides) -> None:
    """A new alias, and each move by one side alone, is on both sides afterwards, with one history."""
    first, second, third = sides.versions
    sides.ann.alias("prod", first)
    assert sides.send().moved == ("raw@prod",)
    assert sides.send() == sides.take() == AliasOutcome()
    sides.there.alias("prod", second)
    assert sides.take().moved == ("raw@prod",)
    sides.ann.alias("prod", third)
    sides.ann.alias("prod", first)
    assert sides.take() == AliasOutcome()
    assert sides.send().moved == ("raw@prod",)
    assert sides.standing() == (first.id, first.id)
    assert sides.is_one()
    assert [move.id for move in sides.there.aliases("raw")[0].moves] == [
        first.id,
        third.id,
        second.id,
        first.id,
    ]


def test_an_alias_that_was_taken_away_is_so_on_both_sides(sides: Sides) -> None:
    """Taking an alias away is a move like any other; one that was never there is not sent."""
    sides.ann.alias("prod", sides.versions[0])
    sides.send()
    sides.ann.unalias("prod", "raw")
    sides.ann.alias("short", sides.versions[0])
    sides.ann.unalias("short", "raw")
    assert sides.send().moved == ("raw@prod",)
    assert sides.there.aliases("raw") == []
    assert [alias.alias for alias in sides.there.aliases("raw", dropped=True)] == ["prod"]


def test_only_aliases_of_what_is_there_are_sent(sides: Sides) -> None:
    """An alias for a bundle that the other side lacks, or has removed, stays behind; of given names only theirs go."""
    sides.ann.alias("prod", "only.here")
    sides.ann.alias("prod", sides.versions[0])
    assert sides.send("only.here") == AliasOutcome()
    sides.there.rm(sides.versions[0])
    assert sides.send() == AliasOutcome()
    sides.there.restore(sides.versions[0].id)
    assert sides.send("raw").moved == ("raw@prod",)


def test_moves_on_both_sides_are_told_and_left(sides: Sides) -> None:
    """Where both have moved an alias to different versions, neither is touched, and both are told."""
    first, second, third = sides.versions
    sides.ann.alias("prod", first)
    sides.send()
    sides.ann.alias("prod", second)
    sides.there.alias("prod", third)
    for outcome, source, target in ((sides.send(), second, third), (sides.take(), third, second)):
        assert outcome.moved == ()
        assert [(one.source.bundle, one.target.bundle) for one in outcome.diverged] == [
            (source.id, target.id)
        ]
    assert sides.standing() == (second.id, third.id)


@pytest.mark.parametrize("direction", ["send", "take"])
def test_force_puts_one_side_on_top(sides: Sides, direction: str) -> None:
    """With force the source's version is a new move on both histories, the same object on both sides."""
    first, second, third = sides.versions
    sides.ann.alias("prod", first)
    sides.send()
    sides.ann.alias("prod", second)
    sides.there.alias("prod", third)
    act: Callable[..., AliasOutcome] = getattr(sides, direction)
    assert act(force=True).moved == ("raw@prod",)
    winner = second if direction == "send" else third
    assert sides.standing() == (winner.id, winner.id)
    assert sides.is_one()
    moves = sides.there.aliases("raw")[0].moves
    assert sorted(str(move.id) for move in moves) == sorted([winner.id, second.id, third.id, first.id])
    assert sides.send() == sides.take() == AliasOutcome()


def test_whoever_has_either_history_follows_a_forced_move(sides: Sides, machine: OpenStore) -> None:
    """After a forced move a third person who had seen one of the two sides gets it without any force."""
    first, second, third = sides.versions
    sides.ann.alias("prod", first)
    sides.send()
    sides.there.alias("prod", third)
    config = sides.ann.remotes()[0]
    bob = machine("bob")
    bob.add_remote("origin", config.url, config.options)
    bob.pull()
    assert _standing(bob) == third.id
    sides.ann.alias("prod", second)
    sides.send(force=True)
    assert bob.pull().aliases == ("raw@prod",)
    assert _standing(bob) == second.id


def test_many_moves_by_one_side_alone_are_followed(sides: Sides) -> None:
    """However often one side has moved an alias since the other saw it, the other follows; and diverges as ever."""
    first, _, third = sides.versions
    sides.ann.alias("prod", first)
    sides.send()
    for number in range(103):
        sides.ann.alias("prod", sides.versions[1 + number % 2])
    assert sides.take() == AliasOutcome()
    assert sides.send().moved == ("raw@prod",)
    assert sides.is_one()
    assert sides.there.aliases("raw")[0].number == 104
    sides.there.alias("prod", third)
    for number in range(103):
        sides.ann.alias("prod", sides.versions[number % 2])
    assert len(sides.send().diverged) == len(sides.take().diverged) == 1


def test_a_forced_move_keeps_both_long_histories(sides: Sides, machine: OpenStore) -> None:
    """Who saw either side hundreds of moves before it was put on top of the other follows without any force."""
    first, second, third = sides.versions
    sides.ann.alias("prod", first)
    sides.send()
    config = sides.ann.remotes()[0]
    early = machine("early")
    early.add_remote("origin", config.url, config.options)
    early.pull()
    for number in range(103):
        for store in (sides.ann, sides.there):
            store.alias("prod", sides.versions[1 + number % 2].id)
    sides.ann.alias("prod", first)
    sides.there.alias("prod", third.id)
    assert sides.send(force=True).moved == ("raw@prod",)
    sides.ann.alias("prod", second)
    sides.send()
    assert early.pull().aliases == ("raw@prod",)
    assert _standing(early) == second.id


def test_both_at_the_same_version_is_no_conflict(sides: Sides) -> None:
    """Two who have moved an alias to the same version agree, whatever their histories say."""
    sides.ann.alias("prod", sides.versions[1])
    sides.there.alias("prod", sides.versions[1])
    assert sides.send() == sides.take() == AliasOutcome()


@pytest.mark.parametrize("is_new", [True, False])
def test_a_lost_answer_is_no_lost_race(sides: Sides, is_new: bool) -> None:
    """Where the answer to a write is lost and the write sent again finds itself there, the alias has moved."""
    if not is_new:
        sides.ann.alias("prod", sides.versions[0])
        sides.send()
    sides.ann.alias("prod", sides.versions[1])
    sides.there.repository.storage = _Resending(sides.there.repository.storage)
    assert sides.send().moved == ("raw@prod",)
    assert sides.is_one()


def test_a_race_that_is_lost_is_looked_at_again(sides: Sides) -> None:
    """Where someone moves the alias between reading and writing, the outcome is that of their move: it diverged."""
    first, second, third = sides.versions
    sides.ann.alias("prod", first)
    sides.send()
    sides.ann.alias("prod", second)
    rival = sides.ann.at_remote()
    sides.there.repository.storage = _Meddling(
        sides.there.repository.storage, lambda: rival.alias("prod", third)
    )
    outcome = sides.send()
    assert [(one.source.bundle, one.target.bundle) for one in outcome.diverged] == [(second.id, third.id)]


def test_who_moves_while_one_side_is_put_on_top_is_not_lost(sides: Sides, machine: OpenStore) -> None:
    """Where someone moves the alias at the source while it is forced, their move ends on top, on both sides."""
    first, second, third = sides.versions
    sides.ann.alias("prod", first)
    sides.send()
    sides.ann.alias("prod", second)
    sides.there.alias("prod", third.id)
    rival = machine("ann")
    sides.ann.repository.storage = _Meddling(
        sides.ann.repository.storage, lambda: rival.alias("prod", first.id)
    )
    assert sides.send(force=True).moved == ("raw@prod",)
    assert sides.standing() == (first.id, first.id)
    assert sides.is_one()


@pytest.mark.parametrize("direction", ["send", "take"])
def test_a_damaged_alias_holds_up_no_other(sides: Sides, direction: str) -> None:
    """An alias that cannot be read, on either side, is an error at the end; the others went over."""
    for store in (sides.ann, sides.there):
        store.alias("broken", sides.versions[0])
    source = sides.ann if direction == "send" else sides.there
    source.alias("prod", sides.versions[0])
    storage = sides.there.repository.storage
    key = _key(sides.there, "raw", "broken")
    storage.put_if_match(key, b"{}", storage.get(key).version)
    act: Callable[..., AliasOutcome] = getattr(sides, direction)
    with pytest.raises(FormatError):
        act()
    assert _data(sides.ann) == _data(sides.there)


def test_aliases_alone_that_were_put_back_move_nobody_back(sides: Sides, machine: OpenStore) -> None:
    """Where the remote's aliases are an older copy, nobody follows them back; whoever has asked moves them on again."""
    first, second, third = sides.versions
    storage = sides.there.repository.storage
    sides.ann.alias("prod", first)
    sides.send()
    old = _data(sides.there)
    sides.ann.alias("prod", second)
    sides.send()
    key = _key(sides.there, "raw", "prod")
    storage.put_if_match(key, old, storage.get(key).version)
    sides.send()
    assert sides.standing()[0] == second.id
    assert sides.take() == AliasOutcome()
    sides.send()
    assert sides.standing() == (second.id, second.id)
    storage.put_if_match(key, old, storage.get(key).version)
    sides.ann.at_remote().alias("prod", third)
    sides.ann.alias("prod", first)
    assert len(sides.send().diverged) == 1
    assert sides.standing() == (first.id, third.id)


def test_own_aliases_that_were_put_back_move_no_remote_back(sides: Sides) -> None:
    """Where the aliases here are an older copy, a push leaves those of the remote, and a pull gets them again."""
    first, second, third = sides.versions
    sides.ann.alias("prod", first)
    sides.send()
    old = _data(sides.ann)
    sides.ann.alias("prod", second)
    sides.send()
    storage, key = sides.ann.repository.storage, _key(sides.ann, "raw", "prod")
    for _ in range(2):
        storage.put_if_match(key, old, storage.get(key).version)
        assert sides.send() == AliasOutcome()
        assert sides.standing() == (first.id, second.id)
        (sides.there.repository.cache / "aliases.json").unlink(missing_ok=True)
    sides.ann.alias("prod", third)
    assert len(sides.send().diverged) == 1
    storage.put_if_match(key, old, storage.get(key).version)
    assert sides.take().moved == ("raw@prod",)
    assert sides.standing() == (second.id, second.id)


def test_aliases_that_nobody_made_are_passed_over(sides: Sides) -> None:
    """What someone forged, an alias of another name's bundle or one with letters that no name has, goes nowhere."""
    sides.there.alias("prod", sides.versions[0])
    true = aliases.load(_data(sides.there), _key(sides.there, "raw", "prod"))
    for name, alias in (("model", "prod"), ("raw", "\x1b[31m"), ("\x1b[31m", "prod")):
        forged = msgspec.structs.replace(true, name=name, alias=alias)
        sides.there.repository.storage.put_new(_key(sides.there, name, alias), aliases.dump(forged))
    assert sides.take().moved == ("raw@prod",)
    assert [alias.ref for alias in sides.ann.aliases(dropped=True)] == ["raw@prod"]


def test_an_alias_of_many_bytes_is_refused(sides: Sides) -> None:
    """An object that is larger than aliases are is not read into memory, and is told of."""
    sides.there.repository.storage.put_new(_key(sides.there, "raw", "huge"), b" " * (17 << 20))
    with pytest.raises(IntegrityError) as caught:
        sides.take()
    assert caught.value.kind == "too-large"


def test_what_stays_as_it_is_costs_no_request(s3_place: Place, machine: OpenStore) -> None:
    """Of a bucket's aliases those are asked for that may have changed: none to send, a listing to take."""
    ann = machine("ann")
    ann.add("raw", 1)
    ann.add_remote("origin", s3_place.url, s3_place.options)
    ann.push("raw")
    for number in range(5):
        ann.alias(f"a{number}", "raw")
    there = ann.at_remote()
    counted = there.repository.storage = FaultyStorage(there.repository.storage)
    for act, first, again in ((_send, 10, 0), (_take, 6, 1)):
        act(ann, there)
        before = len(counted.log)
        assert before <= first, counted.log
        act(ann, there)
        assert len(counted.log) == before + again, counted.log[before:]
        counted = there.repository.storage = FaultyStorage(counted)


def _send(here: Store, there: Store) -> AliasOutcome:
    return _sync(here, there)


def _take(here: Store, there: Store) -> AliasOutcome:
    return _sync(there, here)


class _Meddling(FaultyStorage):
    """Lets someone act once, just before the first replacement of an object."""

    def __init__(self, inner: Storage, act: Callable[[], object]) -> None:
        super().__init__(inner)
        self._acts = [act]

    def put_if_match(self, key: str, data: bytes, version: str) -> str:
        """See `Storage.put_if_match`."""
        if self._acts:
            self._acts.pop()()
        return super().put_if_match(key, data, version)


class _Resending(FaultyStorage):
    """Does each write, and then answers as to one that came again."""

    def put_new(self, key: str, data: Content) -> None:
        """See `Storage.put_new`."""
        super().put_new(key, data)
        raise ConflictError("it is there", kind="exists")

    def put_if_match(self, key: str, data: bytes, version: str) -> str:
        """See `Storage.put_if_match`."""
        super().put_if_match(key, data, version)
        raise ConflictError("it was changed", kind="changed")
