from __future__ import annotations

from collections import Counter
from datetime import date, datetime
from pathlib import Path

import pyarrow.compute as pc
import pytest

from stook.scaffold.simulator import Shop, simulate_csv
from stook.scoring.transactions import Ingested, read_transactions

SMALL = Shop(customers=300, days=400)


@pytest.fixture(scope="module")
def ingested(tmp_path_factory: pytest.TempPathFactory) -> Ingested:
    """The shop of the demo, as it is read."""
    path = tmp_path_factory.mktemp("shop") / "tx.csv"
    path.write_bytes(simulate_csv())
    return read_transactions(path, now=datetime(2026, 1, 1))


def test_the_same_seed_gives_the_same_bytes() -> None:
    """A shop is a function of its settings; another seed is another shop."""
    assert simulate_csv(SMALL) == simulate_csv(SMALL)
    assert simulate_csv(SMALL) != simulate_csv(Shop(customers=300, days=400, seed=8))


def test_a_shop_is_of_a_realistic_size(ingested: Ingested) -> None:
    """The demo has thousands of customers, tens of thousands of rows and almost two years."""
    accepted = ingested.table.filter(pc.is_null(ingested.table["reason"]))
    assert 60_000 < ingested.table.num_rows < 100_000
    assert 2_000 < len(set(accepted["customer"].to_pylist())) <= 3_000
    times = accepted["time"].to_pylist()
    assert 540 < (max(times) - min(times)).days < 750


def test_every_kind_of_dirty_row_is_there(ingested: Ingested) -> None:
    """Rows without customer, unreadable, cancelled, in the future and doubled are found, some of each."""
    assert ingested.rejected.keys() == {"unparsable", "no-customer", "cancelled", "future", "duplicate"}
    assert all(count > 50 for count in ingested.rejected.values())
    assert sum(ingested.rejected.values()) < 0.06 * ingested.table.num_rows


def test_a_clean_shop_has_no_dirty_rows(tmp_path: Path) -> None:
    """With nothing spoilt and nothing returned every row is accepted, but for lines that happen to be alike."""
    path = tmp_path / "tx.csv"
    path.write_bytes(simulate_csv(Shop(customers=300, days=400, dirty=0, returned=0)))
    assert read_transactions(path, now=datetime(2026, 1, 1)).rejected.keys() <= {"duplicate"}


def test_some_customers_buy_once_and_some_often(ingested: Ingested) -> None:
    """Rates and drop-out differ by customer: many buy once, a few dozens of times."""
    accepted = ingested.table.filter(pc.is_null(ingested.table["reason"]))
    baskets = {
        (row["customer"], row["invoice"]) for row in accepted.select(["customer", "invoice"]).to_pylist()
    }
    counts = sorted(Counter(customer for customer, _ in baskets).values())
    assert counts[len(counts) // 10] == 1
    assert counts[-len(counts) // 100] > 24


def test_autumn_is_busier_than_summer() -> None:
    """The season of the year shows in the rows of a second year, when the customers of the start have settled."""
    shop = Shop(customers=1_000, start=date(2022, 1, 1), days=730, dirty=0)
    months = Counter(line.split(b",")[4][:7] for line in simulate_csv(shop).splitlines()[1:])
    assert months[b"2023-11"] > 1.3 * months[b"2023-08"]
