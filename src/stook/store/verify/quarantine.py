"""Move a damaged pack out of the way, once all in it that is sound is in packs that are.

While it stays, adding the same content again changes nothing: the damaged chunks count as known.
"""

from __future__ import annotations

from itertools import count

from blake3 import blake3

from stook.errors import ConflictError, IntegrityError, NotFoundError
from stook.format.packs import pack_key, parse_pack
from stook.storage.protocol import Storage
from stook.store.repository import Repository
from stook.store.verify.pack_salvage import Salvage, salvage

__all__ = ["PREFIX", "set_aside"]

PREFIX = "quarantine/"


def set_aside(repository: Repository, name: str, data: bytes, found: Salvage) -> str:
    """Put a pack of the sound chunks in the place of a damaged one, or beside it and the damaged one away.

    Args:
        repository: Where it is.
        name: Name of the damaged pack.
        data: Its bytes.
        found: What is sound of them.

    Returns:
        The key of the damaged pack now; empty where there is a sound one in its place.

    Raises:
        IntegrityError: What was written is not what it was when read back.
        StorageError: The storage refused; nothing is lost.
    """
    storage, chunks = repository.storage, repository.catalog.chunks
    key = _copy_aside(storage, name, data)
    if found.pack:
        new = f"{name.partition('/')[0]}/{blake3(found.pack).hexdigest()}"
        _place(storage, new, found.pack, held=frozenset({name}))
        chunks.forget_pack(new)
        chunks.add(new, parse_pack(found.pack))
    if _is_replaced(storage, name, data):
        storage.delete(key)
        return ""
    storage.delete(pack_key(name))
    chunks.forget_pack(name)
    return key


def _place(storage: Storage, name: str, whole: bytes, held: frozenset[str]) -> None:
    """Write a pack, over a damaged one of its name if there is one.

    Args:
        storage: Where to.
        name: Its name.
        whole: Its bytes.
        held: Names of packs that may be written over: what is sound of them is in hand.
    """
    key = pack_key(name)
    try:
        storage.put_new(key, whole)
    except ConflictError:
        there = storage.get(key)
        if there.data == whole:
            return
        if name not in held:  # the bytes of another pack, as where two files were exchanged
            _copy_aside(storage, name, there.data)
            other = salvage(there.data).pack
            if other:
                other_name = f"{name.partition('/')[0]}/{blake3(other).hexdigest()}"
                _place(storage, other_name, other, held | {name})
        storage.put_if_match(key, whole, there.version)
    if storage.get(key).data != whole:
        raise IntegrityError(
            f"the pack {name} was written and reads back as something else",
            kind="damaged-pack",
            hint="the disk or the memory of this machine is failing: look at its log, dmesg",
        )


def _copy_aside(storage: Storage, name: str, data: bytes) -> str:
    digest = name.partition("/")[2]
    for number in count(1):
        key = f"{PREFIX}{digest}.pack" if number == 1 else f"{PREFIX}{digest}-{number}.pack"
        try:
            storage.put_new(key, data)
        except ConflictError:
            if storage.get(key).data != data:
                continue  # an earlier one of that name, damaged in another way
        return key
    raise AssertionError


def _is_replaced(storage: Storage, name: str, data: bytes) -> bool:
    """Tell whether there are other bytes now: the right ones, put there just now or by someone else."""
    try:
        return storage.get(pack_key(name)).data != data
    except NotFoundError:
        return False
