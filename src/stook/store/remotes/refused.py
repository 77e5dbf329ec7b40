"""What of a remote cannot be right, and is left there while all else is taken."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from typing import Final, Literal

import msgspec

from stook.errors import IntegrityError, StookError

__all__ = ["Fault", "Refused", "refused_error"]

Part = Literal["bundle", "words", "data"]

_SHOWN: Final = 3


class Fault(msgspec.Struct, frozen=True):
    """Why something cannot be right.

    Attributes:
        kind: The cause, as the `kind` of an error.
        reason: The same in words.
    """

    kind: str
    reason: str

    def of(self, ref: str, part: Part) -> Refused:
        """Return what is left for this: a part of a version, as `name@id`."""
        return Refused(ref, part, self.kind, self.reason)


class Refused(msgspec.Struct, frozen=True):
    """Something that was left on a remote.

    Attributes:
        ref: The version, as `name@id`.
        part: What of it was left: all of the `"bundle"`; tags or commits, its `"words"`; or its `"data"`, while what
            is said of it is here.
        kind: Why, as the `kind` of an error.
        reason: The same in words.
    """

    ref: str
    part: Part
    kind: str
    reason: str


def refused_error(
    refused: Sequence[Refused],
    remote: str,
    done: object,
    *,
    is_all: bool,
    also: StookError | None = None,
) -> IntegrityError:
    """Return the error for what was left on a remote.

    Args:
        refused: That; one at the least.
        remote: Name of the remote.
        done: What was done all the same; the fact `pulled` of the error.
        is_all: Whether nothing else was taken.
        also: What else went wrong, such as aliases that were moved on both sides.
    """
    listed = "; ".join(f"{one.ref} ({one.reason})" for one in refused[:_SHOWN])
    more = f" (and {len(refused) - _SHOWN:,} others)" if len(refused) > _SHOWN else ""
    if is_all:
        message = f"nothing was pulled from {remote}: {listed}{more}"
    else:
        message = f"left on {remote}, since it cannot be right: {listed}{more}; all else was taken"
    hint = _hint(refused[0], shlex.quote(remote))
    if also is None:
        return IntegrityError(message, kind=refused[0].kind, hint=hint, pulled=done)
    facts = {**also.facts, "pulled": done}
    return IntegrityError(
        f"{message}. And {also.message}",
        kind=refused[0].kind,
        hint=f"{hint}; and then {also.hint}",
        **facts,
    )


def _hint(one: Refused, remote: str) -> str:
    ref = shlex.quote(one.ref)
    if one.kind == "id-ahead" and one.part == "words":
        return "check this machine's clock; if it is right, what was said comes when that time has come: stook pull"
    if one.kind == "id-ahead":
        return f"check this machine's clock; if it is right, take it away: stook rm --remote={remote} {ref}"
    if one.part == "data":
        return f"stook verify --deep --remote {remote} says more"
    return f"stook verify --remote {remote} says more; stook rm --remote={remote} {ref} takes it away for all"
