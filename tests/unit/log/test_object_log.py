"""The log on an object store."""

from __future__ import annotations

import pytest

from stook.errors import IntegrityError
from stook.log import Line, ObjectLog
from stook.model.position import Position
from stook.storage import open_storage
from stook.storage.protocol import Storage

_W = "b" * 32


@pytest.fixture
def storage() -> Storage:
    """A storage with three segments of one writer."""
    storage = open_storage("memory:")
    log = ObjectLog(storage, _W)
    for payload in (b"a", b"b", b"c"):
        log.append([payload])
    return storage


def _payloads(storage: Storage, known: dict[str, Position] | None = None) -> list[bytes]:
    lines = ObjectLog(storage, "c" * 32).read(known or {})
    return [line.payload for line in lines if isinstance(line, Line)]


def test_only_what_is_new_is_read(storage: Storage) -> None:
    """A reader that knows a segment gets those after it."""
    assert _payloads(storage) == [b"a", b"b", b"c"]
    assert _payloads(storage, {_W: Position(2, 99)}) == [b"c"]


def test_two_with_one_id_lose_nothing(storage: Storage) -> None:
    """Whoever finds its next segment taken takes the one after it."""
    one, two = ObjectLog(storage, _W), ObjectLog(storage, _W)
    for payload in (b"d", b"f"):
        one.append([payload])
        two.append([payload.upper()])
    assert sorted(_payloads(storage)) == [b"D", b"F", b"a", b"b", b"c", b"d", b"f"]


@pytest.mark.parametrize(
    "key", [f"log/{_W}/0000000000000001.sig", "log/readme", f"log/{_W}/1", "log/w/0000000000000001"]
)
def test_what_is_no_segment_is_passed_over(storage: Storage, key: str) -> None:
    """Signatures, which the format reserves, and strangers' objects stand in nobody's way."""
    storage.put_new(key, b"?")
    ObjectLog(storage, _W).append([b"d"])
    assert _payloads(storage) == [b"a", b"b", b"c", b"d"]


def test_a_segment_that_was_known_and_is_gone_is_noticed(storage: Storage) -> None:
    """An end before what was known is a log that was restored from an older copy."""
    storage.delete(f"log/{_W}/0000000000000003")
    with pytest.raises(IntegrityError) as caught:
        _payloads(storage, {_W: Position(3, 99)})
    assert caught.value.kind == "log-went-back"


def test_a_reading_may_stop_within_a_segment(storage: Storage) -> None:
    """Whoever took in some records of a segment only gets the others next time."""
    log = ObjectLog(storage, _W)
    log.append([b"d", b"e", b"f"])
    lines = [line for line in log.read({_W: Position(3, 0)}) if isinstance(line, Line)]
    assert [_payloads(storage, {_W: line.position}) for line in lines] == [[b"e", b"f"], [b"f"], []]
