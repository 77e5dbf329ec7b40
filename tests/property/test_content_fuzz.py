"""The digests of hostile bytes: refused as damaged, or told; nothing else, whatever was changed."""

from __future__ import annotations

import contextlib
import io
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sklearn.linear_model import LinearRegression

from stook import registry
from stook.errors import IntegrityError


class Hostile:
    """Some bytes, and a file of them."""

    def __init__(self, data: bytes, path: Path) -> None:
        self._data = data
        self._path = path

    @property
    def size(self) -> int:
        """Bytes in all."""
        return len(self._data)

    def read(self) -> bytes:
        """Return all bytes."""
        return self._data

    def open(self) -> BinaryIO:
        """Return a file over them."""
        return io.BytesIO(self._data)

    def path(self) -> Path:
        """Return a file on disk that has them."""
        self._path.write_bytes(self._data)
        return self._path


_NAMED = pd.DataFrame({"a": pd.Categorical(["x", "y"]), "t": ["1", None]}, index=["p", "q"])
_CASES: dict[str, tuple[str, Any]] = {
    "pandas": ("frame", _NAMED.rename_axis(columns="n")),
    "polars": ("frame", pl.DataFrame({"l": [[1, 2], None], "s": [{"a": 1.5}, {"a": None}]})),
    "array": ("array", np.arange(30.0).reshape(5, 6)),
    "by columns": ("array", np.asfortranarray(np.arange(30.0).reshape(5, 6))),
    "names beyond Latin-1": ("array", np.zeros(3, [("Ā", "i4")])),
    "sklearn": ("sklearn", LinearRegression().fit([[1.0], [2.0]], [1.0, 2.0])),
}


@pytest.mark.filterwarnings("ignore:Stored array in format 3.0")
@pytest.mark.parametrize("case", _CASES)
@given(data=st.data())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], deadline=None)
def test_changed_bytes_are_refused_or_told(case: str, tmp_path: Path, data: st.DataObject) -> None:
    """Bytes changed, cut off or put in anywhere."""
    kind, value = _CASES[case]
    out = io.BytesIO()
    encoded = registry.codec(kind).dump(value, out)
    content = bytearray(out.getvalue())
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(content) - 1))
        end = at + data.draw(st.integers(0, 4))
        content[at:end] = data.draw(st.binary(max_size=4))
    with contextlib.suppress(IntegrityError):
        digest = registry.codec(kind).digest(Hostile(bytes(content), tmp_path / "x"), encoded.meta)
        assert len(bytes.fromhex(digest)) == 32


@pytest.mark.filterwarnings("ignore:Stored array in format 3.0")
@pytest.mark.parametrize("case", ["array", "by columns", "names beyond Latin-1"])
@pytest.mark.parametrize("count", [b"-", b"9" * 30, b"'"])
def test_shapes_that_no_array_has(case: str, count: bytes, tmp_path: Path) -> None:
    """Negative and endless shapes, and what is no number, are refused."""
    kind, value = _CASES[case]
    out = io.BytesIO()
    registry.codec(kind).dump(value, out)
    data = out.getvalue()
    at = data.index(b"'shape': (") + len(b"'shape': (")
    data = data[:at] + count + data[at + len(count) - (count == b"-") :]
    with pytest.raises(IntegrityError):
        registry.codec(kind).digest(Hostile(data, tmp_path / "x"), {})
    with pytest.raises(IntegrityError):
        registry.codec(kind).facts(Hostile(data, tmp_path / "x"), {})
