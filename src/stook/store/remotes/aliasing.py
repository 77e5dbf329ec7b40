"""Aliases on two sides, brought together: by their histories it is told which side moved on."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence

import msgspec

from stook.errors import ConflictError, InputError, IntegrityError, NotFoundError
from stook.format import aliases, records
from stook.format.aliases import AliasState, Move
from stook.log.listing import list_bounded
from stook.model.record import BundleRecord
from stook.model.refs import check_name
from stook.store.alias_notes import AliasNotes
from stook.store.remotes.diverged import Diverged
from stook.store.repository import Repository
from stook.store.words.alias import Found, read_alias

__all__ = ["AliasOutcome", "sync_aliases"]

_ATTEMPTS = 5


class AliasOutcome(msgspec.Struct, frozen=True):
    """What came of bringing aliases together.

    Attributes:
        moved: Those that were made or moved at the target, as `name@alias`.
        diverged: Those that were moved on both sides, and were left.
    """

    moved: tuple[str, ...] = ()
    diverged: tuple[Diverged, ...] = ()


def sync_aliases(
    source: Repository,
    source_context: str,
    target: Repository,
    target_context: str,
    names: Sequence[str] = (),
    force: bool = False,
) -> AliasOutcome:
    """Move the aliases of a target to where those of a source are, where only the source has moved them.

    Only aliases that stand for bundles that the target has, as its catalog knows.

    Args:
        source: Where they come from.
        source_context: Id of the context there.
        target: Where they go.
        target_context: Id of the context there.
        names: Names of bundles; aliases of all names where none are given.
        force: Where both have moved one, put the source's on top as a new move, which both sides have afterwards.

    Raises:
        FormatError: The object of an alias is damaged; all others were brought together.
        StorageError: One of them cannot be reached.
    """
    pair = _Pair(
        _Side(source, source_context, AliasNotes(source)), _Side(target, target_context, AliasNotes(target))
    )
    moved: list[str] = []
    diverged: list[Diverged] = []
    broken: list[IntegrityError] = []
    for state in pair.iter_source(names, broken):
        try:
            outcome = pair.bring(state, force=force)
        except IntegrityError as error:
            broken.append(error)
            continue
        moved += outcome.moved
        diverged += outcome.diverged
    pair.source.notes.write()
    pair.target.notes.write()
    if broken:
        raise broken[0]
    return AliasOutcome(tuple(sorted(moved)), tuple(diverged))


class _Side(msgspec.Struct, frozen=True):
    repository: Repository
    context: str
    notes: AliasNotes

    def key(self, state: AliasState) -> str:
        return aliases.alias_key(self.context, state.name, state.alias)

    def read(self, state: AliasState) -> Found:
        key = self.key(state)
        found = read_alias(self.repository, key)
        if found.state is not None:
            self.notes.add(key, found.state)
        return found

    def put(self, before: Found, after: AliasState) -> bool:
        """Write an alias where it is as it was; return whether it is there, which a lost answer does not hide."""
        storage, key, data = self.repository.storage, self.key(after), aliases.dump(after)
        try:
            if before.state is None:
                storage.put_new(key, data)
            else:
                storage.put_if_match(key, data, before.version)
        except (ConflictError, NotFoundError):
            now = self.read(after).state
            return now is not None and _knows(now, after)
        self.notes.add(key, after)
        return True


class _Pair(msgspec.Struct, frozen=True):
    source: _Side
    target: _Side

    def iter_source(self, names: Sequence[str], broken: list[IntegrityError]) -> Iterator[AliasState]:
        """Yield the aliases of the source that may be news to the target."""
        source = self.source
        for name in names or ("",):
            for entry in list_bounded(source.repository.storage, aliases.alias_folder(source.context, name)):
                try:
                    state = (
                        source.notes.find_as_listed(entry) or read_alias(source.repository, entry.key).state
                    )
                except IntegrityError as error:
                    broken.append(error)
                    continue
                if state is None or not _is_named(state):
                    continue
                source.notes.add(entry.key, state, entry)
                noted = self.target.notes.find(self.target.key(state))
                if noted is None or not _knows(noted, state):
                    yield state

    def bring(self, ours: AliasState, *, force: bool) -> AliasOutcome:
        """Bring one alias over; where others write at the same time, look again."""
        for _ in range(_ATTEMPTS):
            theirs = self.target.read(ours)
            if self._is_nothing(ours, theirs.state):
                return AliasOutcome()
            if theirs.state is None or _knows(ours, theirs.state):
                is_done = self.target.put(theirs, ours)
            elif force:
                is_done = self._put_on_top(ours, theirs)
            else:
                return AliasOutcome(diverged=(Diverged(ours, theirs.state),))
            if is_done:
                return AliasOutcome(moved=(f"{ours.name}@{ours.alias}",))
            ours = self.source.read(ours).state or ours
        raise ConflictError(
            f"{ours.name}@{ours.alias} is being moved by others", kind="alias-moved", hint="try again"
        )

    def _put_on_top(self, ours: AliasState, theirs: Found) -> bool:
        """Move the target to where the source is, as a new move that both have; return whether nobody was faster."""
        here = self.source.read(ours)
        if here.state is None or theirs.state is None:
            return False
        after = _on_top(self.target.repository, here.state, theirs.state)
        return self.target.put(theirs, after) and self.source.put(here, after)

    def _is_nothing(self, ours: AliasState, theirs: AliasState | None) -> bool:
        """Tell whether there is nothing to do: the target is as far, or is there already, or has no such bundle."""
        if theirs is None:
            return ours.bundle is None or not self._has_bundle(ours)
        is_same = theirs.bundle == ours.bundle and not _knows(ours, theirs)
        return _knows(theirs, ours) or is_same or not (ours.bundle is None or self._has_bundle(ours))

    def _has_bundle(self, state: AliasState) -> bool:
        """Tell whether the target has the bundle that an alias stands for, in that context and under that name."""
        row = self.target.repository.catalog.find_bundle(state.bundle or "")
        record = records.load(row.payload) if row else None
        place = self.target.context, state.name
        return isinstance(record, BundleRecord) and (record.context, record.name) == place


def _is_named(state: AliasState) -> bool:
    """Tell whether an alias bears names that can be; none that Stook made does not."""
    try:
        return (check_name(state.name), check_name(state.alias)) == (state.name, state.alias)
    except InputError:
        return False


def _knows(state: AliasState, other: AliasState) -> bool:
    """Tell whether a history has the last move of another: it goes on from there."""
    return aliases.has_move(state, other.write_id)


def _on_top(repository: Repository, ours: AliasState, theirs: AliasState) -> AliasState:
    """Return our state as a new move on top of both histories, so that whoever has either of them follows."""
    write_id = os.urandom(16).hex()
    newest = Move(
        ours.bundle, repository.owner, int(repository.clock.now() * 1e6), write_id, "moved on both sides"
    )
    both = {move.write_id: move for move in (*theirs.moves, *ours.moves)}
    heads = [both.pop(state.write_id) for state in (ours, theirs)]
    earlier = sorted(both.values(), key=lambda move: move.when, reverse=True)
    older = aliases.join_older(ours.older, theirs.older)
    moves, older = aliases.cut_history((newest, *heads, *earlier), older)
    number = max(aliases.next_number(ours, theirs), len(moves))
    return AliasState(ours.name, ours.alias, ours.bundle, write_id, number, moves, older)
