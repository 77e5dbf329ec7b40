"""Movable names for versions: moved by compare-and-swap alone, so that nobody's move is lost unseen."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

import msgspec

from stook.errors import ConflictError, InputError, NotFoundError
from stook.format import aliases
from stook.format.aliases import AliasState
from stook.log.listing import list_bounded
from stook.model.refs import check_name, parse_ref
from stook.store.repository import Repository

if TYPE_CHECKING:
    from stook.store.bundle import Bundle
    from stook.store.store import Store
    from stook.store.view import View

__all__ = ["Alias", "Found", "Move", "drop_alias", "find_alias", "list_aliases", "move_alias", "read_alias"]

_MOST_BYTES: Final = 16 * 1024 * 1024


class Move(msgspec.Struct, frozen=True):
    """One move of an alias: to which version (None: it was taken away), by whom, when and why."""

    id: str | None
    who: str
    when: datetime
    why: str


class Alias(msgspec.Struct, frozen=True):
    """A movable name.

    Attributes:
        alias: The name, as `prod`.
        name: The name of the bundles.
        id: The version that it stands for; None where it has been taken away.
        number: How many moves there were.
        moves: The last hundred, newest first.
    """

    alias: str
    name: str
    id: str | None
    number: int
    moves: tuple[Move, ...]

    @property
    def ref(self) -> str:
        """`name@alias`, by which the version is got."""
        return f"{self.name}@{self.alias}"


class Found(msgspec.Struct, frozen=True):
    """An alias as it was read.

    Attributes:
        state: What its object says; None where there is none.
        version: The object's, for a conditional write.
    """

    state: AliasState | None
    version: str


def find_alias(repository: Repository, context: str, name: str, alias: str) -> Alias | None:
    """Return an alias as it is now, also one that was taken away; None where there never was one."""
    state = read_alias(repository, aliases.alias_key(context, name, alias)).state
    return _alias(state) if state else None


def list_aliases(
    repository: Repository, context: str, name: str = "", *, dropped: bool = False
) -> list[Alias]:
    """Return the aliases of a name, or of all names in a context; with `dropped` also those that were taken away."""
    found = [alias for alias in _iter_aliases(repository, context, name) if dropped or alias.id]
    return sorted(found, key=lambda alias: (alias.name, alias.alias))


def move_alias(store: Store, alias: str, bundle: Bundle, *, why: str, expect: str | None) -> Alias:
    """Let an alias stand for a bundle; where it does already, nothing is written.

    Args:
        store: Where.
        alias: The name to move; made where there is none.
        bundle: The version.
        why: For its history.
        expect: Only if it stands for the version of this id now; empty: only if there is none. None: whatever it is.

    Raises:
        ConflictError: It stands for another version than expected, or someone moved it meanwhile.
        InputError: That is no name for an alias.
    """
    alias = _check_alias(alias)
    context = store.get(bundle.id).record.context  # the bundle may come from a store that calls it otherwise
    return _swap(store, context, bundle.name, alias, _Goal(bundle.id, why, expect))


def drop_alias(store: Store, alias: str, name: str, *, why: str) -> Alias:
    """Take an alias away; its history stays.

    Raises:
        NotFoundError: There is none.
        InputError: This is no name.
    """
    name, alias = check_name(name), check_name(alias)
    store.refresh()
    context = store.find_context_id()
    known = find_alias(store.repository, context, name, alias) if context else None
    if context is None or known is None or known.id is None:
        store.get(name)  # which says what is near
        raise alias_not_found(store, name, alias)
    return _swap(store, context, name, alias, _Goal(None, why, known.id))


def alias_not_found(store: View, name: str, alias: str) -> NotFoundError:
    """Return the error for an alias that a name has not, or whose version was removed."""
    context = store.find_context_id()
    command = shlex.join([alias, name])
    gone = find_alias(store.repository, context, name, alias) if context else None
    if gone is not None and gone.id is not None:
        return NotFoundError(
            f"{gone.ref} stands for the version {gone.id}, which was removed",
            kind="version-removed",
            hint=f"stook restore {gone.id}, or move the alias: stook alias {command}",
            name=name,
        )
    known = [found.alias for found in list_aliases(store.repository, context, name)] if context else []
    return NotFoundError(
        f"{name} has no alias {alias!r}; it has {', '.join(known) or 'none'}",
        kind="alias-not-found",
        hint=f"stook alias {command} makes one",
        name=name,
    )


class _Goal(msgspec.Struct, frozen=True):
    bundle: str | None
    why: str
    expect: str | None


def _swap(store: Store, context: str, name: str, alias: str, goal: _Goal) -> Alias:
    repository = store.repository
    key = aliases.alias_key(context, name, alias)
    found = read_alias(repository, key)
    now = found.state.bundle if found.state else None
    if goal.expect is not None and now != (goal.expect or None):
        raise _moved(name, alias, found.state)
    if found.state is not None and now == goal.bundle:
        return _alias(found.state)
    fresh = _next_state(repository, found.state, name, alias, goal)
    try:
        if found.state is None:
            repository.storage.put_new(key, aliases.dump(fresh))
        else:
            repository.storage.put_if_match(key, aliases.dump(fresh), found.version)
    except (ConflictError, NotFoundError):
        after = read_alias(repository, key).state
        # Over a network the answer to one's own write may be lost, and the write sent again find itself there.
        if after is None or not aliases.has_move(after, fresh.write_id):
            raise _moved(name, alias, after) from None
    return _alias(fresh)


def _next_state(
    repository: Repository, before: AliasState | None, name: str, alias: str, goal: _Goal
) -> AliasState:
    write_id = os.urandom(16).hex()
    move = aliases.Move(
        goal.bundle, repository.owner, int(repository.clock.now() * 1e6), write_id, goal.why.strip()
    )
    if before is None:
        return AliasState(name, alias, goal.bundle, write_id, 1, (move,))
    moves, older = aliases.cut_history((move, *before.moves), before.older)
    return AliasState(name, alias, goal.bundle, write_id, aliases.next_number(before), moves, older)


def read_alias(repository: Repository, key: str) -> Found:
    """Read the object of an alias. Raises FormatError where it is damaged."""
    try:
        stored = repository.storage.get(key, limit=_MOST_BYTES)
    except NotFoundError:
        return Found(None, "")
    return Found(aliases.load(stored.data, key), stored.version)


def _iter_aliases(repository: Repository, context: str, name: str) -> Iterator[Alias]:
    for entry in list_bounded(repository.storage, aliases.alias_folder(context, name)):
        state = read_alias(repository, entry.key).state
        if state is not None:
            yield _alias(state)


def _alias(state: AliasState) -> Alias:
    moves = tuple(
        Move(move.bundle, move.who, datetime.fromtimestamp(move.when / 1e6, tz=UTC), move.why)
        for move in state.moves
    )
    return Alias(state.alias, state.name, state.bundle, state.number, moves)


def _check_alias(alias: str) -> str:
    name = check_name(alias)
    if parse_ref(f"x@{name}").alias != name:
        raise InputError(
            f"{alias!r} is no name for an alias: it looks like part of a version's id",
            kind="bad-name",
            hint="use a word in lower case, such as prod",
        )
    return name


def _moved(name: str, alias: str, state: AliasState | None) -> ConflictError:
    last = state.moves[0] if state else None
    now = (
        f"it stands for {last.bundle[-8:]} since {last.who} moved it"
        if last and last.bundle
        else "it is not there"
    )
    return ConflictError(
        f"{name}@{alias} is not what was expected: {now}",
        kind="alias-moved",
        hint=f"stook alias --history {shlex.join([alias, name])} shows what happened; then decide again",
        bundle=last.bundle if last else None,
    )
