"""How two texts differ, line by line, in a time that is bounded."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from difflib import SequenceMatcher
from operator import eq

__all__ = ["MAX_TEXT_BYTES", "diff_lines", "shared_ends"]

MAX_TEXT_BYTES = 1 << 20
_MAX_PAIRS = 4_000_000
_CONTEXT = 3


def diff_lines(old: bytes, new: bytes) -> tuple[str, ...] | None:
    """Return the hunks of a unified diff, a line each without its end.

    None where one is not UTF-8 text, or where comparing what is between the start and the end that they share would
    take long.
    """
    olds, news = _lines(old), _lines(new)
    if olds is None or news is None:
        return None
    start, end = shared_ends(olds, news, eq)
    if (len(olds) - start - end) * (len(news) - start - end) > _MAX_PAIRS:
        return None
    start, end = max(0, start - _CONTEXT), max(0, end - _CONTEXT)
    return tuple(_hunks(olds[start : len(olds) - end], news[start : len(news) - end], start))


def shared_ends(
    old: Sequence[object], new: Sequence[object], is_same: Callable[[object, object], bool]
) -> tuple[int, int]:
    """Return how many elements two sequences share at the start, and how many of the others at the end."""
    start = _shared(old, new, is_same)
    return start, _shared(old[start:][::-1], new[start:][::-1], is_same)


def _shared(old: Sequence[object], new: Sequence[object], is_same: Callable[[object, object], bool]) -> int:
    count = 0
    for before, after in zip(old, new, strict=False):
        if not is_same(before, after):
            break
        count += 1
    return count


def _lines(data: bytes) -> list[str] | None:
    """Return the lines with their ends, None where the bytes are no text."""
    if b"\0" in data:
        return None
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return None
    lines = text.split("\n")
    last = lines.pop()
    return [f"{line}\n" for line in lines] + ([last] if last else [])


def _hunks(old: Sequence[str], new: Sequence[str], skipped: int) -> Iterator[str]:
    for group in SequenceMatcher(None, old, new).get_grouped_opcodes(_CONTEXT):
        first, last = group[0], group[-1]
        yield f"@@ -{_span(first[1], last[2], skipped)} +{_span(first[3], last[4], skipped)} @@"
        for tag, i1, i2, j1, j2 in group:
            if tag == "equal":
                yield from _marked(" ", old[i1:i2])
                continue
            yield from _marked("-", old[i1:i2])
            yield from _marked("+", new[j1:j2])


def _span(start: int, end: int, skipped: int) -> str:
    """Return first line and length as unified diffs have them: of no lines, the line before."""
    length = end - start
    first = start + skipped + (1 if length else 0)
    return str(first) if length == 1 else f"{first},{length}"


def _marked(mark: str, lines: Sequence[str]) -> Iterator[str]:
    for line in lines:
        yield mark + line.removesuffix("\n")
        if not line.endswith("\n"):
            yield "\\ No newline at end of file"
