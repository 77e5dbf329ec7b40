"""From any transaction file to one typed table, every row accounted for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import duckdb
import pyarrow as pa

from stook.scoring.transactions.cells import Cells, read_cells
from stook.scoring.transactions.columns import RoleColumn, choose_columns
from stook.scoring.transactions.dates import choose_time_format
from stook.scoring.transactions.reasons import count_reasons
from stook.scoring.transactions.source import open_plain

__all__ = ["Ingested", "read_transactions"]

# Whoever is ahead of UTC writes times that look like the future.
_CLOCK_SLACK = timedelta(days=1)


@dataclass(frozen=True)
class Ingested:
    """A transaction file, typed.

    Attributes:
        table: One row per row of the file and in its order: `row` (int64, 1 = first after the header), `reason`
            (null = accepted), `customer`, `time` (timestamp[us], UTC or local without zone), `amount`,
            `quantity`, `price` (decimals; exact), `invoice`, `product`, `country` (null where the file has none),
            `text` (the row as found, rejected rows only).
        columns: Which column of the file played which role.
        name: What people call the file.
    """

    table: pa.Table
    columns: tuple[RoleColumn, ...]
    name: str

    @property
    def rejected(self) -> dict[str, int]:
        """Rejected rows by reason."""
        return count_reasons(self.table)


def read_transactions(
    source: str | Path, *, columns: Mapping[str, str] | None = None, now: datetime, name: str = ""
) -> Ingested:
    """Read a .csv, .csv.gz, .csv.zst or .parquet file, or standard input.

    The amount of a row is its amount column, or else quantity × price. A row with a negative amount, or whose
    invoice is marked with a leading C, is a cancellation or a return: rejected as `cancelled`, with its values kept.

    Args:
        source: A path, or `-` for standard input.
        columns: Column by role where the guesses do not fit; see `choose_columns`.
        now: The present, in UTC without zone; later rows are rejected as `future`.
        name: What to call the input in messages; its path where empty.

    Raises:
        NotFoundError: There is no such file.
        InputError: The file is empty, torn, not UTF-8, has no rows or lacks a column.
    """
    with open_plain(source, name) as file:
        cells = read_cells(file)
        roles = choose_columns(cells.header, columns or {})
        return Ingested(_typed(cells, roles, now), tuple(roles.values()), file.name)


def _typed(cells: Cells, roles: Mapping[str, RoleColumn], now: datetime) -> pa.Table:
    cell = {role: f"trim(f{cells.header.index(column.column)})" for role, column in roles.items()}
    with duckdb.connect(config={"threads": 2}) as connection:
        connection.execute("set timezone = 'UTC'")
        connection.register("cells", cells.table)
        connection.register("broken", cells.broken)
        query = _QUERY.format(
            time=choose_time_format(connection, cell["time"]),
            text=_as_csv_line(len(cells.header)),
            cells=", ".join(f"f{n}" for n in range(len(cells.header))),
            **_values(cell),
        )
        latest = {"latest": now + _CLOCK_SLACK}
        return connection.sql(query, params=latest).to_arrow_table()


def _values(cell: Mapping[str, str]) -> dict[str, str]:
    quantity = f"try_cast({cell.get('quantity', 'null')} as decimal(18, 3))"
    price = f"try_cast({cell.get('price', 'null')} as decimal(18, 6))"
    amount = cell.get("amount", f"({quantity} * {price})")
    names = {role: cell.get(role, "null::varchar") for role in ("customer", "invoice", "product", "country")}
    return names | {"quantity": quantity, "price": price, "amount": f"try_cast({amount} as decimal(18, 6))"}


def _as_csv_line(width: int) -> str:
    quoted = (
        f"""case when regexp_matches(f{n}, '[",\\r\\n]') then '"' || replace(f{n}, '"', '""') || '"'
            else coalesce(f{n}, '') end"""
        for n in range(width)
    )
    return f"concat_ws(',', {', '.join(quoted)})"


# Filled with expressions over generated column names (f0, f1, …) only, never with what a file contains.
_QUERY = """
with typed as (
    select row, {time} as time, {amount} as amount, {quantity} as quantity, {price} as price,
        case when lower({customer}) in ('', 'nan', 'null', 'none', 'na', 'n/a') then null else {customer} end
            as customer,
        {invoice} as invoice, {product} as product, {country} as country,
        hash({cells}) as content, {cells}
    from cells
),
judged as (
    select *, case
        when time is null or not isfinite(time) or time < timestamp '1970-01-01' or amount is null
            or length(customer) > 256 then 'unparsable'
        when customer is null then 'no-customer'
        when amount < 0 or regexp_matches(invoice, '^[Cc][0-9]') then 'cancelled'
        when amount = 0 then 'no-value'
        when time > $latest then 'future'
        end as first_reason
    from typed
),
deduplicated as (
    select *, coalesce(first_reason, case when row_number() over (
        partition by first_reason, content, customer, time, amount order by row) > 1 then 'duplicate' end) as reason
    from judged
)
select row, reason, customer, time, amount, quantity, price, invoice, product, country,
    case when reason is not null then {text} end as text
from deduplicated
union all by name
select row, 'unparsable' as reason, text from broken
order by row
"""
