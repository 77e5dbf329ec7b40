"""A seeded shop: customers who buy, pause, return things and vanish, written as a transactions file.

The process is the one that BG/NBD describes (Fader, Hardie, Lee 2005), with what real tills add:

- each customer has a purchase rate, gamma distributed, and after each basket drops out for good with a chance of
  their own, beta distributed; new customers arrive over the whole time;
- the rate moves with the season: quiet summers, a peak before Christmas;
- a basket has 1 + Poisson lines; a customer's usual price level is log-normal, each line log-normal around it;
- some baskets are returned in part or whole some days later: negative quantities on an invoice marked `C`;
- some rows are dirty: no customer, unreadable cells, written twice, dated in the far future.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

__all__ = ["Shop", "simulate_csv"]

_HEADER = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country"
_THINGS = (
    "BAG",
    "BOWL",
    "CANDLE",
    "CARD",
    "CLOCK",
    "CUSHION",
    "FRAME",
    "JUG",
    "LAMP",
    "MUG",
    "TEAPOT",
    "TRAY",
)
_LOOKS = ("BLUE", "GREEN", "GOLD", "IVORY", "PINK", "RED", "RETRO", "SPOTTY", "STRIPED", "VINTAGE", "WOODEN")
_COUNTRIES = ("United Kingdom", "Germany", "France", "Ireland", "Netherlands", "Spain")
_COUNTRY_SHARES = (0.82, 0.05, 0.05, 0.04, 0.02, 0.02)
# Purchases by month, January first, against an average of one.
_SEASON = np.array([0.80, 0.85, 0.95, 0.95, 1.00, 0.95, 0.85, 0.80, 1.05, 1.20, 1.45, 1.15])


@dataclass(frozen=True)
class Shop:
    """What is simulated.

    Attributes:
        customers: People who ever buy.
        start: First day.
        days: Length of the history.
        seed: Same seed and settings, same bytes.
        dirty: Share of rows that are spoilt, in each of four ways.
        returned: Share of baskets of which something comes back.
    """

    customers: int = 2_500
    start: date = date(2023, 1, 1)
    days: int = 640
    seed: int = 7
    dirty: float = 0.004
    returned: float = 0.06


@dataclass(frozen=True)
class _Lines:
    """Rows of the file: arrays of one length."""

    invoice: NDArray[np.int64]
    product: NDArray[np.int64]
    quantity: NDArray[np.int64]
    minute: NDArray[np.int64]
    cents: NDArray[np.int64]
    customer: NDArray[np.int64]

    def take(self, chosen: NDArray[np.int64]) -> _Lines:
        return _Lines(*(getattr(self, name)[chosen] for name in self.__dataclass_fields__))


def simulate_csv(shop: Shop | None = None) -> bytes:
    """Return the transactions of a shop as CSV with a header, by time.

    Columns: InvoiceNo, StockCode, Description, Quantity, InvoiceDate (ISO 8601, to the minute), UnitPrice,
    CustomerID, Country.
    """
    shop = shop or Shop()
    random = np.random.default_rng(shop.seed)
    customer, minute = _baskets(shop, random)
    lines = _fill(random, customer, minute)
    sold = len(lines.minute)
    lines = _with_returns(shop, random, lines)
    order = np.argsort(lines.minute, kind="stable")
    rows = _format(shop, random, lines.take(order), is_return=(order >= sold))
    return "\n".join([_HEADER, *_spoil(shop, random, rows), ""]).encode()


def _baskets(shop: Shop, random: np.random.Generator) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return customer and minute since the start of every basket, by time."""
    # Four in ten were customers before the history starts.
    arrival = np.where(
        random.random(shop.customers) < 0.4, 0.0, random.uniform(0, shop.days - 20, shop.customers)
    )
    arrival += random.exponential(30, shop.customers)
    rate = random.gamma(0.9, 1 / 28, shop.customers)
    drop_out = random.beta(0.9, 5.0, shop.customers)
    customers, days = [np.arange(shop.customers)], [arrival]
    alive, now = np.arange(shop.customers), arrival
    while len(alive):
        stays = random.random(len(alive)) >= drop_out[alive]
        alive, now = alive[stays], now[stays]
        now = now + _wait(shop, random, now, rate[alive])
        inside = now < shop.days
        alive, now = alive[inside], now[inside]
        customers.append(alive)
        days.append(now)
    customer, day = np.concatenate(customers), np.concatenate(days)
    inside = day < shop.days
    customer, day = customer[inside], day[inside]
    minute = np.floor(day).astype(np.int64) * 1440 + (8 * 60 + random.beta(2, 2, len(day)) * 11 * 60).astype(
        np.int64
    )
    order = np.argsort(minute, kind="stable")
    return customer[order], minute[order]


def _wait(
    shop: Shop, random: np.random.Generator, now: NDArray[np.float64], rate: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return days to the next basket: exponential, in a time that runs faster in season."""
    day = np.arange(shop.days + 1, dtype="timedelta64[D]") + np.datetime64(shop.start)
    month = day.astype("datetime64[M]").astype(np.int64) % 12
    clock = np.concatenate([[0.0], np.cumsum(_SEASON[month])])
    days = np.arange(len(clock), dtype=float)
    then = np.interp(now, days, clock) + random.exponential(1, len(now)) / rate
    return np.asarray(np.interp(then, clock, days, right=shop.days + 1.0) - now)


def _fill(random: np.random.Generator, customer: NDArray[np.int64], minute: NDArray[np.int64]) -> _Lines:
    level = random.lognormal(0.0, 0.7, customer.max() + 1)
    number = np.repeat(np.arange(len(customer)), 1 + random.poisson(4.0, len(customer)))
    product = (1_500 * random.random(len(number)) ** 2).astype(np.int64)
    list_price = random.lognormal(1.0, 0.7, 1_500)[product]
    quantity = 1 + random.poisson(
        2.0 * np.minimum(level[customer[number]] * random.lognormal(0, 0.6, len(number)), 60)
    )
    cents = np.maximum(np.round(100 * list_price), 19).astype(np.int64)
    return _Lines(
        536_000 + number, product, quantity.astype(np.int64), minute[number], cents, customer[number]
    )


def _with_returns(shop: Shop, random: np.random.Generator, lines: _Lines) -> _Lines:
    """Add rows that take others back, some days later, whole or in part."""
    back = np.flatnonzero(random.random(len(lines.minute)) < shop.returned / 3)
    delay = np.ceil(random.exponential(9, len(back))).astype(np.int64) * 1440
    whole = random.random(len(back)) < 0.7
    part = lines.take(back)
    quantity = -np.where(whole, part.quantity, (part.quantity + 1) // 2)
    kept = part.minute + delay < shop.days * 1440
    returns = _Lines(
        part.invoice + 100_000, part.product, quantity, part.minute + delay, part.cents, part.customer
    ).take(np.flatnonzero(kept))
    names = lines.__dataclass_fields__
    return _Lines(*(np.concatenate([getattr(lines, name), getattr(returns, name)]) for name in names))


def _format(
    shop: Shop, random: np.random.Generator, lines: _Lines, *, is_return: NDArray[np.bool_]
) -> list[str]:
    looks = [f"{_LOOKS[n % len(_LOOKS)]} {_THINGS[n // 7 % len(_THINGS)]}" for n in range(1_500)]
    country = random.choice(len(_COUNTRIES), lines.customer.max() + 1, p=_COUNTRY_SHARES)
    times = np.datetime_as_string(np.datetime64(shop.start) + lines.minute.astype("timedelta64[m]"), unit="s")
    columns = zip(
        np.where(is_return, "C", "").tolist(),
        lines.invoice.tolist(),
        lines.product.tolist(),
        lines.quantity.tolist(),
        np.char.replace(times, "T", " ").tolist(),
        lines.cents.tolist(),
        lines.customer.tolist(),
        strict=True,
    )
    return [
        f"{mark}{invoice},{20_000 + product},{looks[product]},{quantity},{time},{cents // 100}.{cents % 100:02d},"
        f"{12_000 + customer},{_COUNTRIES[country[customer]]}"
        for mark, invoice, product, quantity, time, cents, customer in columns
    ]


def _spoil(shop: Shop, random: np.random.Generator, rows: list[str]) -> list[str]:
    way = random.choice(5, len(rows), p=[1 - 4 * shop.dirty, *[shop.dirty] * 4])
    return [line for row, how in zip(rows, way.tolist(), strict=True) for line in _spoilt(row, how)]


def _spoilt(row: str, how: int) -> list[str]:
    if not how:
        return [row]
    cells = row.split(",")
    if how == 1:
        cells[6] = ""
    elif how == 2:
        cells[3] = "?"
    elif how == 3:
        cells[4] = "2099" + cells[4][4:]
    else:
        return [row, row]
    return [",".join(cells)]
