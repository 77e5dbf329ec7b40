"""Whether a run exchanges results with a remote: as it was called, else as the settings say."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from stook.config import Config
    from stook.store import Store

__all__ = ["ExchangeChoice", "choose_exchange"]


class ExchangeChoice(msgspec.Struct, frozen=True):
    """What a run exchanges with a remote.

    Attributes:
        take: It takes results that others have made, in place of making them.
        data: It gets all data of results that it reuses, in the background.
        send: It sends its results in the background.
        remote: Name of the remote; the only one, or `origin` of several, where empty.
    """

    take: bool = False
    data: bool = False
    send: bool = False
    remote: str = ""

    @property
    def is_nothing(self) -> bool:
        """Whether nothing is exchanged."""
        return not (self.take or self.data or self.send)


_NOTHING = ExchangeChoice()


def choose_exchange(
    store: Store,
    config: Config,
    *,
    only_missing: bool | None = None,
    pull: bool | None = None,
    push: bool | None = None,
    remote: str = "",
) -> ExchangeChoice:
    """Return what a run exchanges. What is None is as the settings say.

    Settings are for all workspaces of a person, so that where a context has no remote, they ask for nothing.

    Args:
        store: The store.
        config: The settings.
        only_missing: Take results of others; of itself it comes with `pull`.
        pull: Get all data of what is reused.
        push: Send results.
        remote: Name of the remote.

    Raises:
        InputError: A setting is neither yes nor no.
        NotFoundError: It is asked for by the call, and there is no such remote.
    """
    data = config.is_on("pull") if pull is None else pull
    send = config.is_on("push") if push is None else push
    take = config.is_on("only_missing") or data if only_missing is None else only_missing
    choice = ExchangeChoice(take, data, send, remote)
    if choice.is_nothing:
        return _NOTHING
    if remote or only_missing or pull or push:
        from stook.store.remotes.remote import get_config

        get_config(store, remote)
    elif not store.remotes():
        return _NOTHING
    return choice
