"""Tasks made ready for the way to another process; what many of them share goes there once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from stook.errors import InputError, StookError
from stook.pipeline.running.performing.portable import Told, dump_error
from stook.pipeline.running.processes.errand import Errand, Shared, take_apart
from stook.pipeline.running.processes.wire import Packer, Script

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stook.pipeline.running.work import Work
    from stook.store import Bundle, Store

__all__ = ["Errands"]

_MOST_SHARED: Final = 20_000


class Errands:
    """Packs tasks. One for each pool.

    Args:
        store: The store of the run.
        script: What runs as `__main__`.

    Raises:
        InputError: The store is in the memory of this process.
    """

    def __init__(self, store: Store, script: Script | None) -> None:
        if store.repository.url.startswith("memory:"):
            raise InputError(
                "a store in memory is of this process alone, so tasks cannot run in others",
                kind="store-in-memory",
                hint="use a store in a folder, or one job and tasks without timeout and memory",
            )
        self._packer = Packer(store, script)
        self._keys: dict[tuple[int, ...], int] = {}
        self._parts: list[Shared] = []
        self._unshared = 0

    def make(self, work: Work, known: set[int]) -> Errand:
        """Return a task packed for a process that knows some of what is shared; by now it knows all of it."""
        parts, own = take_apart(work)
        key = self._key(parts)
        is_news = key not in known
        known.add(key)
        packed = self._packer.pack(own)
        return Errand(
            task=work.node.task_id,
            is_in_script=self._packer.met_script,
            key=key,
            shared=parts if is_news else None,
            work=packed,
        )

    def make_answer(self, bundles: Sequence[Bundle] | StookError) -> tuple[bool, Told | bytes]:
        """Return what a task is told that has asked: whether all is well, and the bundles or what is not."""
        if isinstance(bundles, StookError):
            return False, dump_error(bundles)
        return True, self._packer.pack(list(bundles))

    def _key(self, parts: Shared) -> int:
        """Return the key of what is shared: the same for the very same parts."""
        ids = (id(parts.place), id(parts.code), id(parts.text), id(parts.names), id(parts.environment))
        key = self._keys.get(ids)
        if key is None:
            key = len(self._keys)
            if key < _MOST_SHARED:
                self._keys[ids] = key
                self._parts.append(parts)  # which also keeps an `id` from being another's
            else:
                key = self._unshared = self._unshared - 1
        return key
