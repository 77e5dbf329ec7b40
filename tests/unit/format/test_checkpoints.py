"""Checkpoints as bytes."""

from __future__ import annotations

import os

import pytest

from stook.errors import FormatError
from stook.format import checkpoints, segments

_ID = "01KCAZ0000000000000000000A"
_W = "a" * 32


def _frames(data: bytes) -> list[bytes]:
    return [payload for payload, _ in segments.iter_frames(segments.unseal(data), len(segments.MAGIC))]


def test_a_checkpoint_is_a_sealed_segment_that_says_first_what_it_covers() -> None:
    """Its header comes before the records, whose bytes are as they were."""
    records = [b'{"type":"tag","id":"x", "new field": 1}', b'{"type":"delete"}']
    size = checkpoints.framed_size(len(records), sum(map(len, records)))
    data = checkpoints.dump(_ID, {_W: 7}, records, size)
    assert segments.is_sealed(data)
    header, *rest = _frames(data)
    assert header == b'{"type":"checkpoint","id":"%s","supersedes":{"%s":7}}' % (_ID.encode(), _W.encode())
    assert rest == records
    assert checkpoints.read_start(data[: checkpoints.START_BYTES], _ID) == {_W: 7}


def test_what_is_covered_is_told_by_the_first_bytes() -> None:
    """Without the rest, however long that is, and of more writers than one record can name."""
    covered = {f"{number:032x}": number + 1 for number in range(2500)}
    records = [b'{"type":"tag","id":"%s"}' % os.urandom(500).hex().encode() for _ in range(2000)]
    size = checkpoints.framed_size(len(records), sum(map(len, records)))
    data = checkpoints.dump(_ID, covered, records, size)
    assert len(data) > 2 * checkpoints.START_BYTES
    assert checkpoints.read_start(data[: checkpoints.START_BYTES], _ID) == covered
    assert sum(map(checkpoints.is_header, _frames(data))) == 3


@pytest.mark.parametrize(
    "header",
    [
        b'{"type":"checkpoint"}',
        b'{"type":"checkpoint","id":"%s","supersedes":{"readme":1}}' % _ID.encode(),
        b'{"type":"checkpoint","id":"%s","supersedes":{"%s":0}}' % (_ID.encode(), _W.encode()),
        b'{"type":"checkpoint","id":"%s","supersedes":{"%s":99999999999999999}}'
        % (_ID.encode(), _W.encode()),
        b'{"type":"checkpoint","id":"01KCAZ0000000000000000000B","supersedes":{"%s":1}}' % _W.encode(),
        b'{"type":"checkpoint","id":"\xff"',
    ],
)
def test_a_header_that_is_not_sound_is_refused(header: bytes) -> None:
    """Writers and numbers that cannot be, another checkpoint's id, and what is no JSON."""
    with pytest.raises(FormatError):
        checkpoints.load_header(header, _ID)


@pytest.mark.parametrize(
    "data", [b"", b"?" * 100, segments.MAGIC, segments.seal(segments.MAGIC + bytes(10**8))]
)
def test_what_begins_no_checkpoint_says_nothing(data: bytes) -> None:
    """Nor does it take memory, whatever it unpacks to."""
    with pytest.raises(FormatError):
        checkpoints.read_start(data, _ID)


def test_keys_are_those_of_ids() -> None:
    """A key and its id lead to each other; other keys are nobody's."""
    assert checkpoints.find_id(checkpoints.checkpoint_key(_ID)) == _ID
    assert checkpoints.find_id("checkpoints/readme") is None
    assert checkpoints.find_id(f"log/{_ID}") is None
