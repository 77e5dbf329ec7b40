"""`--remote`, by which a command works on a remote; after it the remote's name may be left out.

`stook ls --remote prices` lists prices on the usual one: a word after it is a remote's name where the store has one of
that name, else it belongs to the command. `--remote=NAME` is always a name.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import TypeVar

import click

from stook.cli.suggesting import note_remote
from stook.errors import InputError, StookError

__all__ = ["read_words", "remote_option", "remote_option_saying"]

_F = TypeVar("_F", bound=Callable[..., object])
_OPTION = "--remote"
# What to type in place of a command on a remote, where there is no such thing.
_INSTEAD = {
    "add": "stook add NAME PATH, and then stook push NAME",
    "fetch": "stook fetch NAME",
    "import": "stook import URL, and then stook push --all",
    "predict": "stook pull --data first, and then the same without --remote",
    "why": "stook pull first, and then the same without --remote",
}


class _RemoteOption(click.Option):
    """`--remote`, whose value may be left out; `read_words` writes it so that click has one always."""


def remote_option_saying(help: str) -> Callable[[_F], _F]:  # noqa: A002
    """Return what adds `--remote` with its own help to a command.

    Args:
        help: What it does there.
    """
    return click.option(_OPTION, cls=_RemoteOption, metavar="[NAME]", callback=note_remote, help=help)


def remote_option(function: _F) -> _F:
    """Add `--remote`, by which a command works on a remote of the context in place of the store here."""
    say = "On this remote, not here; the only one, or origin, where NAME is left out."
    return remote_option_saying(say)(function)


def read_words(command: click.Command | None, name: str, words: Sequence[str]) -> list[str]:
    """Return a command's words with each `--remote NAME` as `--remote=NAME`, and without a name as `--remote=`.

    Args:
        command: The command.
        name: What it is called.
        words: What was typed after it.

    Raises:
        InputError: It takes no `--remote`; what to type in its place is said.
    """
    given = list(words)
    end = given.index("--") if "--" in given else len(given)
    options = [option for option in command.params if _OPTION in option.opts] if command else []
    if not options and _is_refused(command, given[:end]):
        raise _not_taken(name)
    if not any(isinstance(option, _RemoteOption) for option in options):
        return given
    names = _names() if _OPTION in given[:end] else ()
    done: list[str] = []
    for word, is_option in zip(given, [True] * end + [False] * (len(given) - end), strict=True):
        if is_option and done and done[-1] == f"{_OPTION}=" and word in names:
            done[-1] += word
        else:
            done.append(f"{_OPTION}=" if is_option and word == _OPTION else word)
    return done


def _is_refused(command: click.Command | None, options: Sequence[str]) -> bool:
    """Tell whether `--remote` is no word of a command: a task, named first, may have a parameter of that name."""
    if command is None or not any(word.partition("=")[0] == _OPTION for word in options):
        return False
    takes_others = bool(command.context_settings.get("ignore_unknown_options"))
    return not takes_others or options[0].startswith("-")


def _not_taken(name: str) -> InputError:
    return InputError(
        f"stook {name} takes no --remote",
        kind="bad-option",
        hint=_INSTEAD.get(name, f"stook {name} --help"),
    )


def _names() -> Collection[str]:
    """Return what remotes of the home store are called; a store that cannot be opened says so later."""
    from stook.app.remoting import list_names

    try:
        return list_names()
    except StookError:
        return ()
