"""Segments: framing, torn tails, sealing."""

from __future__ import annotations

import pytest
import zstandard

from stook.errors import FormatError, InputError
from stook.format import segments
from stook.format.limits import MAX_PAYLOAD, MAX_SEGMENT


def _segment(*payloads: bytes) -> bytes:
    return segments.MAGIC + b"".join(segments.frame(payload) for payload in payloads)


def _payloads(data: bytes, start: int = len(segments.MAGIC)) -> list[bytes]:
    return [payload for payload, _ in segments.iter_frames(data, start)]


def test_frames_come_back_with_the_positions_after_them() -> None:
    """Reading may begin again at any position that was given out."""
    data = _segment(b"one", b"second", b"3")
    frames = list(segments.iter_frames(data, len(segments.MAGIC)))
    assert [payload for payload, _ in frames] == [b"one", b"second", b"3"]
    assert frames[-1][1] == len(data)
    assert _payloads(data, frames[0][1]) == [b"second", b"3"]


def test_a_torn_tail_at_every_byte_leaves_the_whole_records() -> None:
    """However many bytes of the last commit reached the disk, what was committed before it is read."""
    data = _segment(b"first", b"second")
    whole = _segment(b"first")
    for size in range(len(whole), len(data)):
        assert _payloads(data[:size]) == [b"first"]
        assert _payloads(data[:size] + b"\0" * (len(data) - size)) in ([b"first"], [b"first", b"second"])


def test_a_damaged_frame_and_what_follows_is_not_given_out() -> None:
    """A flipped bit anywhere in a frame ends the reading before it."""
    data = _segment(b"first", b"second", b"third")
    start = len(_segment(b"first"))
    for at in range(start, len(_segment(b"first", b"second"))):
        damaged = bytearray(data)
        damaged[at] ^= 1
        assert _payloads(bytes(damaged)) == [b"first"]


@pytest.mark.parametrize("payload", [b"", b"x" * (MAX_PAYLOAD + 1)])
def test_records_of_no_or_too_many_bytes_are_refused(payload: bytes) -> None:
    """What no reader would accept is not written."""
    with pytest.raises(InputError) as caught:
        segments.frame(payload)
    assert caught.value.kind == "record-too-large"


def test_a_commit_that_no_segment_could_hold_is_refused() -> None:
    """Records that readers would refuse for being too many are not written."""
    payloads = [b"x" * MAX_PAYLOAD] * (MAX_SEGMENT // 2 // MAX_PAYLOAD)
    with pytest.raises(InputError) as caught:
        segments.frames(payloads)
    assert caught.value.kind == "commit-too-large"


def test_a_sealed_segment_unseals_to_itself() -> None:
    """Sealing changes the form, not the content; an unsealed segment passes through."""
    data = _segment(
        *[b'{"type":"bundle","name":"raw.transactions","n":%d}' % number for number in range(1000)]
    )
    sealed = segments.seal(data)
    assert segments.is_sealed(sealed)
    assert not segments.is_sealed(data)
    assert len(sealed) < len(data) / 2
    assert segments.unseal(sealed) == segments.unseal(data) == data


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"STOOKLG2",
        b"\x28\xb5\x2f\xfd",
        b"\x28\xb5\x2f\xfd" + b"x" * 30,
        zstandard.compress(b"something else"),
        zstandard.ZstdCompressor(write_content_size=False).compress(segments.MAGIC),
        segments.seal(segments.MAGIC) + b"tail",
        segments.seal(segments.MAGIC + b"x" * 100)[:-3],
        # A frame of one run-length block whose header claims 2**40 bytes.
        b"\x28\xb5\x2f\xfd\xe0" + (2**40).to_bytes(8, "little") + b"\x03\x00\x00x",
    ],
)
def test_what_is_no_segment_is_refused(data: bytes) -> None:
    """Other bytes, other zstd frames, cut or padded ones and bombs are a FormatError."""
    with pytest.raises(FormatError):
        segments.unseal(data)
