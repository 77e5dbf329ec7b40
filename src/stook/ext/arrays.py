"""numpy arrays and scalars, in numpy's own .npy format; never pickled."""

from __future__ import annotations

import ast
import io
import math
import tokenize
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO

import numpy as np

from stook.errors import InputError, IntegrityError
from stook.format import canonical
from stook.store.codec import Encoded, Source

__all__ = ["CODEC", "ArrayCodec"]

_CONTEXT = "stook v1 array"
_BLOCK_BYTES = 16 << 20
_MAX_HEADER_BYTES = 10_000  # as numpy has it
_BROKEN = (
    ValueError, TypeError, KeyError, SyntaxError, tokenize.TokenError, EOFError, OverflowError, MemoryError,
    RecursionError,
)  # fmt: skip


class ArrayCodec:
    """Keeps arrays of any shape and of any dtype that holds its data itself, and scalars as scalars."""

    kind = "array"
    suffix = ".npy"

    def dump(self, value: object, out: BinaryIO) -> Encoded:
        """Write an array or a numpy scalar to `out`.

        Raises:
            InputError: It holds Python objects, is masked, or is a subclass that .npy does not know.
        """
        is_scalar = isinstance(value, np.generic)
        if not is_scalar and type(value) is not np.ndarray:
            raise _refuse(
                f"a {type(value).__module__}.{type(value).__qualname__} is not a plain array",
                "use np.asarray(x); for a masked array store x.data and x.mask, or x.filled(...)",
            )
        array = np.asarray(value)
        _check_dtype(array.dtype)
        np.lib.format.write_array(out, array, allow_pickle=False)
        header = _Header(array.shape, is_fortran=False, dtype=array.dtype)
        digest = _digest(header, [_bytes_of(array)], is_scalar=is_scalar)
        if is_scalar:
            return Encoded(digest, {"scalar": True})
        is_columns_first = array.flags.f_contiguous and not array.flags.c_contiguous
        return Encoded(digest, {"order": "F"} if is_columns_first else {})

    def load(self, source: Source, meta: dict[str, object]) -> object:
        """Return the array, or the scalar where it was one.

        Raises:
            IntegrityError: The bytes are not an array without pickled objects.
        """
        file = io.BytesIO(source.read())
        try:
            array = np.lib.format.read_array(file, allow_pickle=False)
            is_scalar = bool(meta.get("scalar"))
            if is_scalar and array.shape:
                raise ValueError("it is an array where a scalar was stored")
        except _BROKEN as error:
            raise _damaged(error) from error
        return array[()] if is_scalar else array

    def digest(self, source: Source, meta: dict[str, object]) -> str:
        """Return what `dump` would say is the digest of a stored array, without having it in memory whole.

        Raises:
            IntegrityError: The bytes are not an array without pickled objects.
        """
        try:
            with source.open() as file:
                header = _read_header(file)
                _check_dtype(header.dtype)
                pieces = _iter_columns_first(source) if header.is_fortran else _iter_rest(file, header.size)
                return _digest(header, pieces, is_scalar=bool(meta.get("scalar")))
        except (*_BROKEN, InputError) as error:
            raise _damaged(error) from error

    def facts(self, source: Source, meta: dict[str, object]) -> dict[str, object]:
        """Return shape and dtype as plain values, without reading the elements.

        Raises:
            IntegrityError: The bytes do not begin as an array does.
        """
        try:
            with source.open() as file:
                header = _read_header(file)
        except _BROKEN as error:
            raise _damaged(error) from error
        return {"shape": list(header.shape), "dtype": str(header.dtype)}


CODEC = ArrayCodec()


@dataclass(frozen=True, slots=True)
class _Header:
    shape: tuple[int, ...]
    is_fortran: bool
    dtype: np.dtype[Any]

    @property
    def size(self) -> int:
        """Bytes of all elements."""
        return math.prod(self.shape) * self.dtype.itemsize


def _read_header(file: BinaryIO) -> _Header:
    version = np.lib.format.read_magic(file)
    if version == (3, 0):
        header = _read_header_3(file)
    else:
        read = (
            np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
        )
        header = _Header(*read(file))
    if not all(type(count) is int and count >= 0 for count in header.shape) or header.size >= 2**63:
        raise ValueError(f"no array has the shape {header.shape}")
    return header


def _read_header_3(file: BinaryIO) -> _Header:
    """Read a header with names of fields beyond Latin-1, for which numpy has no function.

    It is as NEP 1 says, with version 3.0 of `numpy.lib.format`: a length, and a dict in UTF-8.
    """
    size = int.from_bytes(file.read(4), "little")
    if size > _MAX_HEADER_BYTES:
        raise ValueError(f"its header would be {size} bytes")
    header = ast.literal_eval(file.read(size).decode())
    return _Header(
        header["shape"], bool(header["fortran_order"]), np.lib.format.descr_to_dtype(header["descr"])
    )


def _digest(header: _Header, pieces: Iterable[memoryview | bytes], *, is_scalar: bool) -> str:
    """Return the digest of an array whose elements come row by row."""
    digest = canonical.Digest(_CONTEXT)
    digest.add(canonical.encode([_describe(header.dtype), list(header.shape), is_scalar]))
    digest.add_pieces(header.size, pieces)
    return digest.hexdigest()


def _bytes_of(array: np.ndarray[Any, Any]) -> memoryview | bytes:
    """Return the elements row by row."""
    content = np.ascontiguousarray(array).reshape(-1)
    return content.view(np.uint8).data if content.nbytes else b""


def _iter_rest(file: BinaryIO, size: int) -> Iterator[bytes]:
    while size and (piece := file.read(min(size, _BLOCK_BYTES))):
        size -= len(piece)
        yield piece


def _iter_columns_first(source: Source) -> Iterator[memoryview | bytes]:
    """Yield the elements, row by row, of an array that is stored column by column."""
    array = np.lib.format.open_memmap(source.path(), mode="r")
    rows = max(1, _BLOCK_BYTES * len(array) // max(array.nbytes, 1))
    for start in range(0, len(array), rows):
        yield _bytes_of(array[start : start + rows])


def _check_dtype(dtype: np.dtype[Any]) -> None:
    if dtype.hasobject:
        raise _refuse(
            f"an array of dtype {dtype} holds Python objects, which only pickle could keep",
            "convert it with .astype(...), or store it as a list",
        )
    if dtype.kind not in "?biufcmMSUV" or np.lib.format.descr_to_dtype(_describe(dtype)) != dtype:
        raise _refuse(
            f"the .npy format does not keep the dtype {dtype}", "convert it with .astype(...) first"
        )


def _describe(dtype: np.dtype[Any]) -> Any:
    """Return the dtype as .npy headers have it: a text, or fields with names."""
    return np.lib.format.dtype_to_descr(dtype)


def _refuse(message: str, hint: str) -> InputError:
    return InputError(message, kind="bad-array", hint=hint)


def _damaged(error: Exception) -> IntegrityError:
    return IntegrityError(
        f"the stored array is damaged: {error}",
        kind="bad-array",
        hint="stook verify --deep",
    )
