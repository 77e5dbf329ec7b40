"""What of an input counts besides its content."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pytest

import stook
from stook.pipeline.authoring.forms import digest_as_input


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}),
        ({"a": np.ones(2), "b": [1]}, {"b": [1], "a": np.ones(2)}),
        ([{"x": {"a": 1, "b": 2}}], [{"x": {"b": 2, "a": 1}}]),
        (pd.DataFrame({"a": [1]}), pl.DataFrame({"a": [1]})),
        (pl.DataFrame({"a": [1]}), pl.DataFrame({"a": [1]}).to_arrow()),
        (pd.Series(["a"], dtype="object"), pd.Series(["a"], dtype="string")),
        (np.ones((2, 3)), np.ones((2, 3), order="F")),
    ],
)
def test_equal_content_in_another_form_is_another_input(tmp_path: Path, one: object, other: object) -> None:
    """The digests of the bundles are the same, for their content is; of the same form it is the same input."""
    store = stook.open(tmp_path / "store")
    first, second, again = (
        store.add(name, value) for name, value in zip("abc", (one, other, one), strict=True)
    )
    assert first.digest == second.digest
    assert digest_as_input(first) == digest_as_input(again) != digest_as_input(second)


@pytest.mark.parametrize("value", [1, [1, 2], np.ones(3), {"a": np.ones(2), "b": 1}])
def test_what_has_but_one_form_is_told_by_its_digest(tmp_path: Path, value: object) -> None:
    """So inputs are shown with the digests of their bundles, in the main."""
    bundle = stook.open(tmp_path / "store").add("a", value)
    assert digest_as_input(bundle) == bundle.digest


def test_more_rows_are_no_other_form(tmp_path: Path) -> None:
    """Partitions that stay as they are stay the same inputs when a table of pandas grows."""
    store = stook.open(tmp_path / "store")
    trees = [store.add("t", pd.DataFrame({"k": range(rows)})).tree for rows in (2, 3)]
    assert trees[0].meta["form"] == trees[1].meta["form"]  # type: ignore[union-attr]
