"""Options by which runs exchange results with a remote; what is not given is as the settings say."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import click

from stook.cli.suggesting import note_place

if TYPE_CHECKING:
    from stook.app.exchange_choice import ExchangeChoice
    from stook.store import Store

__all__ = ["AskedExchange", "exchange_options", "take_options"]

_Command = TypeVar("_Command", bound=Callable[..., Any])

_only_missing = click.option(
    "--only-missing/--no-only-missing",
    default=None,
    help="Take results that others have sent to a remote, and run only what is missing there too.",
)
_pull = click.option(
    "--pull/--no-pull",
    default=None,
    help="The same, and get all data of what is reused, not each when it is used.",
)
_push = click.option("--push/--no-push", default=None, help="Send results to a remote while it runs.")
_remote = click.option(
    "--remote",
    default="",
    metavar="NAME",
    callback=note_place,
    help="The remote for these; the only one, or origin, where not given.",
)


@dataclass(frozen=True, slots=True)
class AskedExchange:
    """What was given on the command line; None where nothing was."""

    only_missing: bool | None = None
    pull: bool | None = None
    push: bool | None = None
    remote: str = ""

    def to_plan(self, store: Store) -> ExchangeChoice:
        """Return what a run of this would take. Raises as `choose_exchange` does."""
        from stook.app.exchange_choice import choose_exchange
        from stook.config import load_config

        return choose_exchange(
            store,
            load_config(),
            only_missing=self.only_missing,
            pull=self.pull,
            push=False,
            remote=self.remote,
        )


def exchange_options(function: _Command) -> _Command:
    """Give a command arguments `only_missing`, `pull`, `push` and `remote`."""
    return _only_missing(_pull(_push(_remote(function))))


def take_options(function: _Command) -> _Command:
    """Give a command arguments `only_missing` and `remote`."""
    return _only_missing(_remote(function))
