"""Aliases that were moved on both sides, and how somebody is told, who has to decide."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

import msgspec

from stook.errors import ConflictError
from stook.format.aliases import AliasState
from stook.store.remotes.remote import USUAL

__all__ = ["Diverged", "diverged_error"]


class Diverged(msgspec.Struct, frozen=True):
    """An alias that was moved on both sides.

    Attributes:
        source: What it is at the source.
        target: What it is at the target.
    """

    source: AliasState
    target: AliasState


def diverged_error(
    diverged: Sequence[Diverged], remote: str, done: object, *, ours_at_source: bool
) -> ConflictError:
    """Return the error for aliases that were moved both here and at a remote.

    Args:
        diverged: Those; one at the least.
        remote: Name of the remote.
        done: What was done all the same; the fact `pushed` or `pulled` of the error.
        ours_at_source: Whether the source is here: they were pushed.
    """
    to = "" if remote == USUAL else f" --remote {shlex.quote(remote)}"
    told = []
    for one in diverged[:3]:
        ours, theirs = (one.source, one.target) if ours_at_source else (one.target, one.source)
        told.append(
            f"{ours.name}@{ours.alias} is {_standing(ours)} here, and {_standing(theirs)} on {remote}"
        )
    more = f" (and {len(diverged) - 3} others)" if len(diverged) > 3 else ""
    return ConflictError(
        f"moved on both sides: {'; '.join(told)}{more}; all else is done",
        kind="alias-diverged",
        hint=f"stook push --force{to} keeps what is here, stook pull --force{to} what is there",
        aliases=[f"{one.source.name}@{one.source.alias}" for one in diverged],
        **{"pushed" if ours_at_source else "pulled": done},
    )


def _standing(state: AliasState) -> str:
    last = state.moves[0]
    return (
        f"{state.bundle[-8:]} (moved by {last.who})" if state.bundle else f"gone (taken away by {last.who})"
    )
