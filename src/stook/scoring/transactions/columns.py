"""Which column of a file plays which part: named by the user, or guessed from its header."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from stook.errors import InputError

__all__ = ["ROLES", "RoleColumn", "choose_columns", "parse_columns"]

# Header spellings by role, lower case without anything but letters and digits; the first match wins.
_SPELLINGS = {
    "customer": (
        *("customer", "customerid", "customerno", "customernumber", "custid", "cust", "clientid", "client"),
        *(
            "userid",
            "user",
            "memberid",
            "member",
            "buyerid",
            "buyer",
            "accountid",
            "householdkey",
            "household",
        ),
    ),
    "time": (
        *("time", "timestamp", "datetime", "invoicedate", "invoicedatetime", "transactiontime", "date"),
        *("transactiondate", "transactiondatetime", "orderdate", "ordertime", "purchasedate", "orderedat"),
        *("purchasetime", "createdat", "saledate", "day"),
    ),
    "amount": (
        *("amount", "totalamount", "linetotal", "total", "totalprice", "spend", "spent", "revenue", "sales"),
        *("salesvalue", "ordervalue", "transactionamount", "purchaseamount", "value"),
    ),
    "quantity": ("quantity", "qty", "units", "itemcount", "count", "pieces"),
    "price": ("price", "unitprice", "itemprice", "priceperunit", "unitcost"),
    "invoice": (
        *("invoice", "invoiceno", "invoiceid", "invoicenumber", "order", "orderid", "orderno", "ordernumber"),
        *("transactionid", "transaction", "basketid", "basket", "receipt", "receiptid"),
    ),
    "product": (
        *("product", "productid", "productno", "stockcode", "sku", "item", "itemid", "itemno", "articleid"),
        *("productcode", "article"),
    ),
    "country": ("country", "countryname", "countrycode", "market"),
}
ROLES = tuple(_SPELLINGS)


@dataclass(frozen=True)
class RoleColumn:
    """Which column plays a role.

    Attributes:
        role: `customer`, `time`, `amount`, `quantity`, `price`, `invoice`, `product` or `country`.
        column: Its name in the file.
        guessed: Chosen by its spelling; False where the user named it.
    """

    role: str
    column: str
    guessed: bool


def parse_columns(text: str) -> dict[str, str]:
    """Read `customer=CustomerID,time=InvoiceDate` as the `--columns` flag takes it.

    Raises:
        InputError: A part is not `role=column`, names no role, or one that has a column already.
    """
    chosen: dict[str, str] = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        role, equals, column = (piece.strip() for piece in part.partition("="))
        if not equals or not column or role not in ROLES:
            raise InputError(
                f"cannot read {part!r} as a choice of column",
                kind="bad-columns",
                hint=f"write role=column with one of the roles {', '.join(ROLES)}",
            )
        if role in chosen:
            raise InputError(
                f"{role} is given twice: {chosen[role]!r} and {column!r}",
                kind="bad-columns",
                hint=f"name one column for {role}",
            )
        chosen[role] = column
    return chosen


def choose_columns(header: Sequence[str], named: Mapping[str, str]) -> dict[str, RoleColumn]:
    """Give each role its column: those that the user named, then guesses for the others.

    Args:
        header: Column names as the file has them.
        named: Column by role, from the user.

    Raises:
        InputError: A named column is not there, a name is there twice, or a needed role has no column.
    """
    roles = {role: RoleColumn(role, _present(header, role, column), False) for role, column in named.items()}
    taken = {role.column for role in roles.values()}
    spelled = {_plain(name): name for name in reversed(header) if name not in taken}
    for role, spellings in _SPELLINGS.items():
        guess = next((spelled[spelling] for spelling in spellings if spelling in spelled), None)
        if guess is not None and role not in roles:
            roles[role] = RoleColumn(role, guess, True)
    _require(header, roles)
    return roles


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())


def _present(header: Sequence[str], role: str, column: str) -> str:
    if header.count(column) == 1:
        return column
    found = "twice or more" if column in header else "not there"
    raise InputError(
        f"the column {column!r} named for {role} is {found}; found: {_listed(header)}",
        kind="missing-column",
        hint=f"give it again: --columns {role}=COLUMN",
        columns=list(header[:50]),
    )


def _require(header: Sequence[str], roles: Mapping[str, RoleColumn]) -> None:
    missing = [role for role in ("customer", "time") if role not in roles]
    if "amount" not in roles and not {"quantity", "price"} <= roles.keys():
        missing.append("amount (or quantity and price)")
    if missing:
        flags = ",".join(f"{role.split()[0]}=COLUMN" for role in missing)
        raise InputError(
            f"no column found for {', '.join(missing)}; found: {_listed(header)}",
            kind="missing-column",
            hint=f"name them: --columns {flags}",
            columns=list(header[:50]),
        )


def _listed(header: Sequence[str]) -> str:
    shown = ", ".join(repr(name[:40]) for name in header[:20])
    return shown + (f" and {len(header) - 20} more" if len(header) > 20 else "")
