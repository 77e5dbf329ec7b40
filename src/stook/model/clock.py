"""Time and identity: a clock that never goes back, and ids that sort by it.

Ids are ULIDs (https://github.com/ulid/spec): 48 bits of milliseconds and 80 random bits in Crockford's base 32. The
clock is hybrid (Kulkarni et al., "Logical Physical Clocks", 2014): physical time, but never behind any id already seen.
"""

from __future__ import annotations

import os
import re
import threading
import time
from collections.abc import Callable

from stook.errors import IntegrityError

__all__ = ["Clock", "elapsed_seconds", "id_millis", "is_id"]

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_VALUES = {letter: number for number, letter in enumerate(_ALPHABET)}
_FORM = re.compile(rf"[0-7][{_ALPHABET}]{{25}}")
_RANDOM_BITS = 80
_STEP_BYTES = 8
_END_MILLIS = 253_402_300_800_000
"""The end of the year 9999: what claims to be later was not made by a clock, and would leave no id for what follows."""
_END = "76EZ91ZQ" + "0" * 18
_ELAPSED = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


class Clock:
    """Makes ids, each greater than every id it has made or seen. Safe to share between threads.

    Args:
        now: Seconds since the epoch; the physical clock.
        entropy: Returns that many random bytes.
    """

    def __init__(
        self, now: Callable[[], float] = time.time, entropy: Callable[[int], bytes] = os.urandom
    ) -> None:
        self._now = now
        self._entropy = entropy
        self._last = 0
        self._lock = threading.Lock()

    def now(self) -> float:
        """Return seconds since the epoch, as the physical clock has it."""
        return self._now()

    def new_id(self) -> str:
        """Return a fresh id.

        Raises:
            IntegrityError: The clock, or an id that was seen, is at the end of the year 9999.
        """
        with self._lock:
            fresh = int(self._now() * 1000) << _RANDOM_BITS
            fresh |= int.from_bytes(self._entropy(_RANDOM_BITS // 8), "big")
            if fresh <= self._last:
                # By a random step: many may have seen the same last id, and their next ones must differ.
                fresh = self._last + 1 + int.from_bytes(self._entropy(_STEP_BYTES), "big")
            self._last = fresh
            return _encode(fresh)

    def copy(self) -> Clock:
        """Return a clock that knows what this one knows, with a lock of its own: for a forked process."""
        twin = Clock(self._now, self._entropy)
        twin._last = self._last
        return twin

    def observe(self, seen: str) -> None:
        """Never again make an id at or below `seen`."""
        with self._lock:
            self._last = max(self._last, _decode(seen))


def is_id(text: str) -> bool:
    """Tell whether `text` has the form of an id, of the year 9999 at the latest."""
    return _FORM.fullmatch(text) is not None and text < _END


def id_millis(identifier: str) -> int:
    """Return the milliseconds since the epoch that an id carries."""
    return _decode(identifier) >> _RANDOM_BITS


def _encode(number: int) -> str:
    if number >> _RANDOM_BITS >= _END_MILLIS:
        raise IntegrityError(
            "no id is greater than those that were seen: one of them, or this machine's clock, is past the year 9999",
            kind="ids-exhausted",
            hint="set the clock right; do not trust where the newest bundles came from",
        )
    return "".join([_ALPHABET[(number >> shift) & 31] for shift in range(125, -1, -5)])


def _decode(identifier: str) -> int:
    number = 0
    for letter in identifier:
        number = number << 5 | _VALUES[letter]
    return number


def elapsed_seconds() -> float:
    """Return seconds since some moment, those in which the machine slept included where the system can tell."""
    return time.clock_gettime(_ELAPSED)
