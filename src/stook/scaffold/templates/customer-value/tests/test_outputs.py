from __future__ import annotations

import polars as pl
import pytest

from customer_value.outputs import for_spreadsheets, write_predictions


@pytest.mark.parametrize("customer", ["=1+1", "+1", "-1", "@SUM(A1)", " =1", "\t=1"])
def test_a_customer_id_is_never_a_formula(customer):
    """What a spreadsheet would run begins with a quote, which makes it text."""
    table = for_spreadsheets(pl.DataFrame({"customer_id": [customer, "12346", "a=1"]}))
    assert table["customer_id"].to_list() == ["'" + customer, "12346", "a=1"]


def test_people_get_the_ids_quoted_and_programs_as_they_are(tmp_path):
    """The CSV is for spreadsheets, the Parquet file is exact."""
    write_predictions(pl.DataFrame({"customer_id": ["=1+1"], "mean": [1.5]}), tmp_path)
    assert pl.read_csv(tmp_path / "predictions.csv")["customer_id"].to_list() == ["'=1+1"]
    assert pl.read_parquet(tmp_path / "predictions.parquet")["customer_id"].to_list() == ["=1+1"]
