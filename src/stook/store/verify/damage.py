"""What is lost of a damaged pack, and what is done about it."""

from __future__ import annotations

from dataclasses import dataclass

from blake3 import blake3

from stook.chunks import PackEntry, read_pack_index
from stook.errors import ConflictError, NotFoundError, StorageError
from stook.store.repository import Repository
from stook.store.verify.pack_salvage import Salvage, salvage
from stook.store.verify.packs import CheckedPack
from stook.store.verify.quarantine import set_aside
from stook.store.verify.report import Problem

__all__ = ["DamagedPack", "deal_with"]


@dataclass(frozen=True, slots=True)
class DamagedPack:
    """A damaged pack after it was dealt with.

    Attributes:
        problem: What to report.
        sound: Its chunks that can be read, here or in another pack.
        lost: The ids of its chunks that cannot, as far as they are known.
        quarantined: Its key now, where it was moved.
    """

    problem: Problem
    sound: tuple[PackEntry, ...]
    lost: frozenset[bytes]
    quarantined: str = ""


def deal_with(repository: Repository, pack: CheckedPack, *, quarantine: bool) -> DamagedPack | None:
    """Find out what is lost of a pack and, if so wanted, repair it or move it away. None where it is gone by now."""
    known = repository.catalog.chunks.entries(pack.name) or pack.entries
    try:
        data = repository.storage.get(pack.key).data
    except NotFoundError:
        return None
    except StorageError:
        hint = f"copy {pack.key} from another copy of the store; or move it away, and add its data again"
        lost = frozenset(entry.id for entry in known)
        return DamagedPack(_problem(pack, "unreadable-pack", "it stays where it is", hint), (), lost)
    found = salvage(data, known)
    if quarantine:
        return _mend(repository, pack, data, found)
    return _unmended(pack, found, "stook verify --deep")


def _mend(repository: Repository, pack: CheckedPack, data: bytes, found: Salvage) -> DamagedPack:
    try:
        with repository.gate.collecting():
            key = "" if _is_right(pack, data, found) else set_aside(repository, pack.name, data, found)
    except (ConflictError, StorageError) as error:
        return _unmended(pack, found, f"stook verify --deep once more, after this: {error.message}")
    if not key:
        hint = "nothing; but see that the disk is well: stook doctor"
        entries = read_pack_index(repository.storage, pack.name)
        return DamagedPack(_problem(pack, "damaged-pack", "it is repaired", hint), entries, frozenset())
    hint = "add the same data again, or copy the pack from another copy of the store"
    problem = _problem(pack, "damaged-pack", f"{_describe(found)}; it is now {key}", hint)
    return DamagedPack(problem, found.sound, found.lost, key)


def _unmended(pack: CheckedPack, found: Salvage, hint: str) -> DamagedPack:
    return DamagedPack(_problem(pack, "damaged-pack", _describe(found), hint), found.sound, found.lost)


def _is_right(pack: CheckedPack, data: bytes, found: Salvage) -> bool:
    """Tell whether the pack, though it was wrong, is right by now. One that was forged has the bytes of its name."""
    return not found.lost and blake3(data).hexdigest() == pack.name.partition("/")[2]


def _describe(found: Salvage) -> str:
    return f"{len(found.sound)} of its chunks are sound, {len(found.lost)} are known to be lost"


def _problem(pack: CheckedPack, kind: str, outcome: str, hint: str) -> Problem:
    return Problem(kind, pack.key, f"the pack {pack.name} is damaged: {pack.problem}; {outcome}", hint)
