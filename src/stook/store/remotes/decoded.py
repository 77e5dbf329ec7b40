"""Records by the hundred thousand, as bytes: decoded they take many times the memory."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar, overload

from stook.format import records
from stook.model.record import BundleRecord, RestoreRecord

__all__ = ["Decoded", "load_relying"]

_Out = TypeVar("_Out")


def load_relying(payload: bytes) -> BundleRecord | RestoreRecord:
    """Read a record that makes or restores a bundle. Raises FormatError where it is another, or not sound."""
    record = records.load(payload)
    return record if isinstance(record, RestoreRecord) else records.load_bundle(payload)


class Decoded(Sequence[_Out]):
    """Records that are decoded when they are looked at, and not kept.

    Args:
        payloads: Their bytes.
        load: Decodes one.
    """

    def __init__(self, payloads: Sequence[bytes], load: Callable[[bytes], _Out]) -> None:
        self._payloads = payloads
        self._load = load

    def __len__(self) -> int:
        return len(self._payloads)

    @overload
    def __getitem__(self, at: int) -> _Out: ...

    @overload
    def __getitem__(self, at: slice) -> Sequence[_Out]: ...

    def __getitem__(self, at: int | slice) -> _Out | Sequence[_Out]:
        if isinstance(at, slice):
            return Decoded(self._payloads[at], self._load)
        return self._load(self._payloads[at])
