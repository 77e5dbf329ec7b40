"""What the author of a task adds to its closure, and takes out of it."""

from __future__ import annotations

import msgspec

__all__ = ["Rules"]


class Rules(msgspec.Struct, frozen=True):
    """What counts besides what the code shows.

    Attributes:
        version: A key by hand; empty where there is none.
        ignore: Modules (`package.module`, `package.*` with all below) and definitions (`module:name`) that do not
            count and are not followed; installed packages likewise.
        includes: Modules and definitions that count besides, and files by pattern (`sql/*.sql`), whose bytes do.
    """

    version: str = ""
    ignore: tuple[str, ...] = ()
    includes: tuple[str, ...] = ()
