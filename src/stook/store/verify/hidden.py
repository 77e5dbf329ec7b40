"""Records that are there and that no reader sees: a checkpoint is read in their place, and leaves them out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from stook.errors import IntegrityError
from stook.format import records
from stook.log.covered import iter_covered
from stook.log.listing import list_checkpoints
from stook.model.record import ContextRecord
from stook.storage.protocol import Storage
from stook.store.repository import Repository
from stook.store.verify.history import History, read_history
from stook.store.verify.report import Problem, ignore

__all__ = ["find_hidden_problem", "iter_hidden"]


def iter_hidden(storage: Storage, history: History) -> Iterator[tuple[str, bytes]]:
    """Yield the key and payload of each record that a checkpoint leaves out and that matters, some perhaps twice.

    Args:
        storage: Where the log is.
        history: What readers see of it.

    Raises:
        StorageError: It cannot be reached.
    """
    for line in iter_covered(storage):
        if _is_hidden(line.payload, history):
            yield line.writer, line.payload


def find_hidden_problem(repository: Repository, history: History) -> Problem | None:
    """Return what to say of such records, None where there are none. Raises as `iter_hidden` does."""
    found = {payload: key for key, payload in iter_hidden(repository.storage, history)}
    if not found:
        return None
    again = read_history(repository, ignore)  # they may have been written since the log was read
    keys = sorted({key for payload, key in found.items() if _is_hidden(payload, again)})
    if not keys:
        return None
    newest = next(iter(list_checkpoints(repository.storage).values())).key
    return Problem(
        "hidden-records",
        newest,
        f"not all records of {keys[0]}{_others(keys)} are in the checkpoint that is read in their place, such as "
        f"{newest}: who reads the log for the first time does not see them",
        "stook rebuild, on the store itself, writes them again for all to see; then find out who wrote the checkpoint",
    )


def _is_hidden(payload: bytes, history: History) -> bool:
    try:
        record = records.load(payload)
    except IntegrityError:
        return False  # which is told where it is read
    if isinstance(record, ContextRecord) and record.id < history.contexts.get(record.context, ""):
        return False
    return record.id not in history.ids


def _others(keys: Sequence[str]) -> str:
    return f" and of {len(keys) - 1:,} other objects" if len(keys) > 1 else ""
