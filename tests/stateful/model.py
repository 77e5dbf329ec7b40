"""What a store should be: plain dicts and lists, and nothing that lasts."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import Any

from stook.store import Bundle, Store
from tests.stateful.traps import CONTEXT

__all__ = ["Fate", "Model", "content", "is_inline", "observe"]

View = dict[str, Any]
_INLINE = 1000


def content(seed: int, size: int) -> bytes:
    """Return bytes that both numbers say; few seeds, so that contents are shared."""
    return random.Random(seed).randbytes(size)


def is_inline(size: int) -> bool:
    """Tell whether a value of such bytes needs no pack."""
    return size <= _INLINE


@dataclass
class Fate:
    """What is known of one bundle.

    Attributes:
        context: The id of its context.
        name: Its name.
        seed: With `size`, its content.
        size: Bytes of it.
        inputs: Ids of the bundles that it was made from.
        tags: Its tags.
        message: Why it was committed; empty where it was not.
        is_live: Whether it was not removed.
        is_at_risk: Whether garbage was collected while it was removed.
    """

    context: str
    name: str
    seed: int
    size: int
    inputs: tuple[str, ...] = ()
    tags: dict[str, str] = field(default_factory=dict)
    message: str = ""
    is_live: bool = True
    is_at_risk: bool = False


@dataclass
class Model:
    """A whole repository.

    Attributes:
        contexts: Name of each context by id, and whether it was deleted.
        fates: What became of each bundle by id, in the order in which they were added.
        aliases: The bundles that an alias stood for, oldest first, by context, name and alias.
    """

    contexts: dict[str, tuple[str, bool]] = field(default_factory=dict)
    fates: dict[str, Fate] = field(default_factory=dict)
    aliases: dict[tuple[str, str, str], list[str | None]] = field(default_factory=dict)

    def live(self, context: str | None = None) -> list[str]:
        """Return the ids of bundles that were not removed, oldest first."""
        return [i for i, fate in self.fates.items() if fate.is_live and context in (None, fate.context)]

    def removed(self) -> list[str]:
        """Return the ids of the others, oldest first."""
        return [identifier for identifier, fate in self.fates.items() if not fate.is_live]

    def names(self) -> dict[str, str]:
        """Return the ids of the contexts that are there, by name."""
        return {
            name: context
            for context, (name, is_deleted) in self.contexts.items()
            if not is_deleted or self.live(context)
        }

    def is_held(self, going: list[str]) -> bool:
        """Tell whether something stands against removing bundles: an alias, or what was made from them and stays."""
        made_from = {used for i in self.live() if i not in going for used in self.fates[i].inputs}
        aliased = {moves[-1] for moves in self.aliases.values()}
        return bool(set(going) & (made_from | aliased))

    def view(self) -> View:
        """Return all that can be seen of a store, but for contents."""
        seen: View = {name: {"live": {}, "removed": []} for name in self.names()}
        for identifier, fate in self.fates.items():
            place = seen.get(self.contexts[fate.context][0])
            if place is None:
                continue
            if fate.is_live:
                told = (identifier, fate.tags, fate.message, fate.inputs)
                place["live"].setdefault(fate.name, []).append(told)
            else:
                place["removed"].append(identifier)
        for place in seen.values():
            place["latest"] = {name: versions[-1][0] for name, versions in sorted(place["live"].items())}
        for (context, name, alias), moves in self.aliases.items():
            if (place := seen.get(self.contexts[context][0])) is not None:
                place.setdefault("aliases", {})[name, alias] = moves
        return _with_main(seen)


def observe(store: Store) -> View:
    """Return all that can be seen of a store, but for contents, as `Model.view` says it should be."""
    store.refresh()
    seen: View = {}
    for context in store.contexts():
        here = store.in_context(context.name)
        place: View = {"live": {}, "removed": [bundle.id for bundle in reversed(here.removed())]}
        for bundle in here.search(order="oldest"):
            place["live"].setdefault(bundle.name, []).append(_told(bundle))
        place["latest"] = {bundle.name: bundle.id for bundle in here.ls()}
        assert context.bundles == sum(len(versions) for versions in place["live"].values())
        for alias in here.aliases(dropped=True):
            moves = [move.id for move in reversed(alias.moves)]
            assert alias.number == len(moves)
            assert alias.id == moves[-1]
            place.setdefault("aliases", {})[alias.name, alias.alias] = moves
        seen[context.name] = place
    return _with_main(seen)


def _with_main(seen: View) -> View:
    """Let a context that is not there be as one that is empty, for the one that every store begins with."""
    if not seen.get(CONTEXT, {}).get("live"):
        seen.pop(CONTEXT, None)
    return seen


def _told(bundle: Bundle) -> tuple[object, ...]:
    message = bundle.committed.message if bundle.committed else ""
    return bundle.id, bundle.tags, message, tuple(used.id for used in bundle.inputs)
