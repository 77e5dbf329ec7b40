from __future__ import annotations

import polars as pl
import pytest

from customer_value.outputs import for_spreadsheets


@pytest.mark.parametrize("customer", ["=1+1", "+1", "-1", "@SUM(A1)", " =1", "\t=1"])
def test_a_customer_id_is_never_a_formula(customer):
    """What a spreadsheet would run begins with a quote, which makes it text."""
    table = for_spreadsheets(pl.DataFrame({"customer_id": [customer, "12346", "a=1"]}))
    assert table["customer_id"].to_list() == ["'" + customer, "12346", "a=1"]
