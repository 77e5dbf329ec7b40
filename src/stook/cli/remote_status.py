"""How a context and its remotes differ, as `stook status` says it."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

from stook.cli.about_remotes import say_no_remotes
from stook.cli.ctrl_c import end_soon_from_here
from stook.cli.output import counted, few, human_size, local_time, print_json, print_table, say
from stook.cli.suggesting import suggest

if TYPE_CHECKING:
    from stook.app.sharing import Standing
    from stook.errors import StookError
    from stook.store import Store
    from stook.store.remotes.status import Compared

__all__ = ["print_standing"]

_SHOWN = 3


def print_standing(store: Store, *, fetch_first: bool, as_json: bool) -> None:
    """Print how a context and each of its remotes differ, and what to type next.

    Args:
        store: The store.
        fetch_first: Ask the remotes what is new.
        as_json: Print all of it as JSON.

    Raises:
        StookError: A remote could not be asked; what is known is printed all the same.
    """
    from stook.app.sharing import take_stock

    if fetch_first:
        end_soon_from_here()
    found = take_stock(store, fetch_first=fetch_first)
    if as_json:
        print_json(_plain(found))
    else:
        _print(found)
    _raise_first(found.unasked)


def _raise_first(unasked: Mapping[str, StookError]) -> None:
    """Raise why the first of some remotes was not asked, having said so of the others."""
    for name, error in unasked.items():
        error.message = f"{name} was not asked: {error.message}"
    for error in list(unasked.values())[1:]:
        say(f"stook: {error.message}")
    for error in unasked.values():
        raise error


def _print(found: Standing) -> None:
    say(
        f"this folder is no checkout; the context {found.context!r} has {counted(found.bundles, 'version')}"
        f" of {counted(found.names, 'name')}"
    )
    if not found.remotes:
        say_no_remotes()
        return
    header = ("REMOTE", "URL", "AHEAD", "SCRATCH", "BEHIND", "ASKED")
    print_table(header, [_row(one) for one in found.remotes])
    for one in found.remotes:
        _say_details(one, alone=len(found.remotes) == 1)


def _row(one: Compared) -> tuple[str, ...]:
    committed = sum(version.committed for version in one.ahead)
    counts = (committed, len(one.ahead) - committed, len(one.behind))
    asked = local_time(one.fetched) if one.fetched else "never"
    return one.remote, one.url, *(f"{count:,}" for count in counts), asked


def _say_details(one: Compared, *, alone: bool) -> None:
    to = "" if alone else f" --remote {shlex.quote(one.remote)}"
    _say_versions(
        f"ahead of {one.remote}", [v.ref for v in one.ahead if v.committed], f"stook push{to} sends them"
    )
    _say_versions(f"behind {one.remote}", [v.ref for v in one.behind], f"stook pull{to} gets them")
    _say_versions(
        f"refused, since they claim to be more than a day ahead of this machine's clock, and left on {one.remote}",
        [v.ref for v in one.refused],
        f"stook pull{to} says what to do",
    )
    _say_versions(f"removed on {one.remote}, and still here", [v.ref for v in one.removed_there], "")
    _say_versions(f"removed here, and still on {one.remote}", [v.ref for v in one.removed_here], "")
    if one.aliases:
        suggest(
            f"aliases that differ: {few(one.aliases, _SHOWN)}; stook push{to} or stook pull{to} brings those together"
            " that were moved on one side only"
        )
    if one.not_local:
        suggest(
            f"{counted(one.not_local, 'version')} here without all the data, {human_size(one.not_local_size)},"
            f" which comes when it is used; stook pull{to} --data gets it now"
        )
    if one.elsewhere:
        has = "has it" if one.elsewhere == 1 else "has them"
        suggest(
            f"another context here {has} already, so that none comes: {counted(one.elsewhere, 'version')} of"
            f" {one.remote}; stook pull{to} says which"
        )
    removed = one.removed_there or one.removed_here
    differs = one.ahead or one.behind or one.refused or one.elsewhere or removed or one.aliases
    if not differs and one.fetched:
        say(f"{one.remote} had the same when it was asked last")
    if one.fetched is None:
        suggest(f"{one.remote} was never asked from here; stook status --fetch asks")


def _say_versions(what: str, refs: Sequence[str], command: str) -> None:
    if refs:
        suggest(f"{what}: {few(refs, _SHOWN)}" + (f"; {command}" if command else ""))


def _plain(found: Standing) -> dict[str, object]:
    remotes = [
        asdict(one) | {"fetched": one.fetched.isoformat(timespec="seconds") if one.fetched else None}
        for one in found.remotes
    ]
    return {
        "context": found.context,
        "names": found.names,
        "bundles": found.bundles,
        "remotes": remotes,
        "unasked": {
            name: {"kind": error.kind, "message": error.message} for name, error in found.unasked.items()
        },
    }
