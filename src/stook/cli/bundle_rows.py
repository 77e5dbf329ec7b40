"""Bundles as rows of a table and as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from stook.cli.output import human_size, short_id

if TYPE_CHECKING:
    from stook.app.listing import Listed

__all__ = ["COLUMNS", "MORE_COLUMNS", "iter_rows", "listed_json"]

COLUMNS = ("NAME", "VERSION", "TASK", "DATE", "SIZE")
MORE_COLUMNS = ("OWNER", "COMMITTED", "PUSHED", "TAGS", "ALIASES")


def iter_rows(found: Iterator[Listed], *, verbose: bool) -> Iterator[Sequence[str]]:
    """Yield a row for each bundle, with `COLUMNS`, and `MORE_COLUMNS` where there shall be more; times are local."""
    for listed in found:
        line = listed.line
        row = (line.name, short_id(line.id), line.task, _local(line.micros), human_size(line.size))
        yield row + (_more_cells(listed) if verbose else ())


def _more_cells(listed: Listed) -> tuple[str, ...]:
    line = listed.line
    return (
        line.owner,
        "yes" if line.commit else "no",
        "yes" if listed.pushed else "no",
        " ".join(f"{key}:{value}" for key, value in line.tags.items()),
        " ".join(listed.aliases),
    )


def listed_json(listed: Listed) -> dict[str, object]:
    """Return all that a listing says of a bundle; times are UTC."""
    line = listed.line
    commit = line.commit
    return {
        "name": line.name,
        "id": line.id,
        "digest": line.digest,
        "task": line.task,
        "owner": line.owner,
        "time": _utc(line.micros),
        "size": line.size,
        "committed": commit
        and {"message": commit.message, "owner": commit.owner, "time": _utc(commit.micros)},
        "pushed": listed.pushed,
        "tags": line.tags,
        "aliases": list(listed.aliases),
    }


def _local(micros: int) -> str:
    return datetime.fromtimestamp(micros / 1e6).strftime("%Y-%m-%d %H:%M:%S")


def _utc(micros: int) -> str:
    return datetime.fromtimestamp(micros / 1e6, tz=UTC).isoformat(timespec="microseconds")
