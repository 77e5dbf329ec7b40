"""What the remotes of a context have, as far as that is known without asking them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from contextlib import ExitStack, closing, contextmanager
from typing import TYPE_CHECKING

from stook.store.remotes.remote import get_config, known_catalog

if TYPE_CHECKING:
    from stook.store import Store

__all__ = ["list_others", "open_elsewhere"]


@contextmanager
def open_elsewhere(store: Store) -> Iterator[Callable[[Collection[str]], set[str]]]:
    """Give, for as long as the block lasts, what returns those of some bundles that a remote of the context has."""
    with ExitStack() as stack:
        catalogs = [closing(known_catalog(store.repository, remote)) for remote in store.remotes()]
        known = [stack.enter_context(catalog) for catalog in catalogs]
        yield lambda ids: {
            one for each in known for one, is_there in each.ids.find_states(ids).items() if is_there
        }


def list_others(store: Store, name: str = "") -> tuple[str, ...]:
    """Return the contexts of a remote, the usual one where not named, that have bundles; none where ours has some."""
    config = get_config(store, name)
    with closing(known_catalog(store.repository, config)) as catalog:
        if catalog.names(config.remote_context):
            return ()
        return tuple(row.name for row in catalog.contexts() if row.bundles)
