"""numpy arrays come back equal; their memory order does not count."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis.extra import numpy as hnp

from stook.errors import InputError, IntegrityError
from stook.ext.arrays import CODEC

ARRAYS = hnp.arrays(
    hnp.scalar_dtypes() | hnp.byte_string_dtypes() | hnp.unicode_string_dtypes() | hnp.array_dtypes(),
    hnp.array_shapes(min_dims=0, min_side=0, max_side=4),
)


def stored(value: object) -> tuple[bytes, Any]:
    """Return the bytes that the codec wrote, and what it said of them."""
    out = io.BytesIO()
    encoded = CODEC.dump(value, out)
    return out.getvalue(), encoded


def loaded(data: bytes, meta: dict[str, object]) -> Any:
    """Return what the codec reads from bytes."""
    source: Any = io.BytesIO(data)
    return CODEC.load(source, meta)


@given(ARRAYS)
def test_array_comes_back(array: Any) -> None:
    """dtype, byte order, shape and bytes are those that went in."""
    data, encoded = stored(array)
    back = loaded(data, encoded.meta)
    assert type(back) is type(array)
    assert (back.dtype, back.shape) == (array.dtype, array.shape)
    assert back.tobytes() == array.tobytes()


@given(ARRAYS)
def test_order_in_memory_does_not_count(array: Any) -> None:
    """Fortran order has the digest of C order."""
    assert stored(np.asfortranarray(array).reshape(array.shape))[1].digest == stored(array)[1].digest


@pytest.mark.parametrize(
    "scalar", [np.float32(2), np.datetime64("2020-01-01", "s"), np.str_("x"), np.bool_(True)]
)
def test_scalar_stays_scalar(scalar: Any) -> None:
    """A numpy scalar comes back as one, and is not an array without dimensions."""
    data, encoded = stored(scalar)
    back = loaded(data, encoded.meta)
    assert type(back) is type(scalar)
    assert back == scalar
    assert stored(np.asarray(scalar))[1].digest != encoded.digest


@pytest.mark.parametrize(
    "array", [np.array([object()]), np.ma.array([1]), np.array(["a"], np.dtypes.StringDType())]
)
def test_what_npy_does_not_keep_is_refused(array: Any) -> None:
    """Objects, masks and variable-width texts are refused."""
    with pytest.raises(InputError):
        stored(array)


@pytest.mark.parametrize("data", [b"", b"\x93NUMPY", b"\x93NUMPY\x01\x00\x05\x00junk\n", b"x" * 200])
def test_damaged_bytes_are_refused(data: bytes) -> None:
    """Bytes that are no array raise IntegrityError."""
    with pytest.raises(IntegrityError):
        loaded(data, {})


def test_pickled_objects_are_never_loaded() -> None:
    """A .npy file with a pickle in it is refused, and the pickle not touched."""
    file = io.BytesIO()
    np.save(file, np.array([object()]), allow_pickle=True)
    with pytest.raises(IntegrityError, match="pickle"):
        loaded(file.getvalue(), {})
