"""Where an optional library is not installed, the error names it and what to install; the rest works."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pandas as pd
import polars as pl
import pytest

import stook
from stook.ext import lightgbm_models, sklearn_models
from stook.store import Store

PROGRAM = """
import sys

class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == {library!r}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)

sys.meta_path.insert(0, Absent())
import stook
from stook.errors import MissingExtraError

store = stook.open({store!r}, context="test")
try:
    {action}
except MissingExtraError as error:
    print(error.exit_code, error.kind, error.message, error.hint, sep="|")
"""


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """A store with a frame of each library, a model of each, and a value."""
    store = stook.open(tmp_path / "store", context="test")
    store.add("pandas", pd.DataFrame({"a": [1, 2]}))
    store.add("polars", pl.DataFrame({"a": [1, 2]}))
    lightgbm = lightgbm_models.import_lightgbm()
    settings = {"verbose": -1, "min_data_in_leaf": 1, "num_threads": 1}
    rows = pd.DataFrame({"a": range(40)})
    store.add("lightgbm", lightgbm.train(settings, lightgbm.Dataset(rows, rows["a"]), 1))
    from sklearn.preprocessing import StandardScaler

    assert sklearn_models.CODEC.kind == "sklearn"
    store.add("skops", StandardScaler().fit([[1.0], [2.0]]))
    return store


def without(library: str, action: str, store: Store) -> str:
    """Do something in a process in which a library is not installed; return what it prints."""
    program = PROGRAM.format(library=library, store=store.repository.url, action=action)
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.mark.parametrize(
    ("library", "action", "hint"),
    [
        ("pandas", "store.get('pandas').data", "stook[pandas]"),
        ("pandas", "store.get('polars').to_pandas()", "stook[pandas]"),
        ("polars", "store.get('polars').data", "stook[learn]"),
        ("polars", "store.get('pandas').to_polars()", "stook[learn]"),
        ("lightgbm", "store.get('lightgbm').data", "stook[learn]"),
        ("skops", "store.get('skops').data", "stook[learn]"),
    ],
)
def test_extra_is_named(library: str, action: str, hint: str, store: Store) -> None:
    """The message names the library, the hint the extra that brings it; the exit code is that of a missing extra."""
    code, kind, message, said = without(library, action, store).split("|")
    assert (code, kind) == ("8", "missing-extra")
    assert library in message
    assert hint in said


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_tables_are_had_without_their_library(library: str, store: Store) -> None:
    """A frame is had as an Arrow table where the library that made it is not installed."""
    action = f"print(store.get({library!r}).to_arrow().to_pydict())"
    assert without(library, action, store) == "{'a': [1, 2]}"
