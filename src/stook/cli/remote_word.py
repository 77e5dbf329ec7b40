"""`--remote`, after which the remote's name may be left out: `stook ls --remote prices` lists prices on the usual one.

A word after it is a remote's name where the store has one of that name, else it belongs to the command. `--remote=NAME`
is always a name.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

import click

from stook.cli.options import RemoteOption
from stook.errors import StookError

__all__ = ["joined"]

_OPTION = "--remote"


def joined(command: click.Command | None, words: Sequence[str]) -> list[str]:
    """Return a command's words with each `--remote NAME` as `--remote=NAME`, and without a name as `--remote=`."""
    given = list(words)
    end = given.index("--") if "--" in given else len(given)
    if _OPTION not in given[:end] or not _takes(command):
        return given
    names = _names()
    done: list[str] = []
    for word, is_option in zip(given, [True] * end + [False] * (len(given) - end), strict=True):
        if is_option and done and done[-1] == f"{_OPTION}=" and word in names:
            done[-1] += word
        else:
            done.append(f"{_OPTION}=" if is_option and word == _OPTION else word)
    return done


def _takes(command: click.Command | None) -> bool:
    return command is not None and any(isinstance(option, RemoteOption) for option in command.params)


def _names() -> Collection[str]:
    """Return what remotes of the home store are called; a store that cannot be opened says so later."""
    from stook.app.remoting import list_names

    try:
        return list_names()
    except StookError:
        return ()
