"""How a file writes its times: ISO 8601, or the one other convention that reads most of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stook.errors import InputError

if TYPE_CHECKING:
    import duckdb

__all__ = ["choose_time_format"]

_CLOCKS = ("", " %H:%M", " %H:%M:%S", " %I:%M %p", " %I:%M:%S %p")
_CONVENTIONS = {
    "month first": ("%m/%d/%Y", "%m-%d-%Y"),
    "day first": ("%d/%m/%Y", "%d-%m-%Y"),
    "dots": ("%d.%m.%Y",),
    "digits": ("%Y%m%d",),
    "year first": ("%Y/%m/%d",),
}


def choose_time_format(connection: duckdb.DuckDBPyConnection, cell: str) -> str:
    """Return the SQL that reads the times of the table `cells`.

    Args:
        connection: Where the table is.
        cell: SQL of the text of a time.

    Raises:
        InputError: `ambiguous-dates`: every date reads as well with the month first as with the day first.
    """
    # By way of a zone, or the offset of a time would be dropped; times without one are taken as they are.
    iso = f"timezone('UTC', try_cast({cell} as timestamptz))"
    if _share(connection, cell, iso) > 0.5:
        return iso
    ways = {"ISO 8601": iso}
    for name, dates in _CONVENTIONS.items():
        formats = [date + clock for date in dates for clock in _CLOCKS]
        ways[name] = f"try_strptime({cell}, {formats})"
    counts = ", ".join(f"count({way})" for way in ways.values())
    [row] = connection.sql(f"select {counts} from cells").fetchall()  # noqa: S608
    read = dict(zip(ways, row, strict=True))
    best = max(read, key=lambda name: read[name])
    if read["month first"] == read["day first"] == read[best] > 0 and _differ(connection, ways):
        raise InputError(
            "the dates read as well with the month first as with the day first",
            kind="ambiguous-dates",
            hint="write them as 2024-01-31, or give a file that has a day after the 12th",
        )
    return ways[best]


def _share(connection: duckdb.DuckDBPyConnection, cell: str, way: str) -> float:
    [(share,)] = connection.sql(f"select count({way}) / count({cell}) from cells").fetchall()  # noqa: S608
    return float(share or 0)


def _differ(connection: duckdb.DuckDBPyConnection, ways: dict[str, str]) -> bool:
    query = f"select count(*) from cells where {ways['month first']} <> {ways['day first']}"  # noqa: S608
    [(rows,)] = connection.sql(query).fetchall()
    return bool(rows)
