"""numpy arrays and scalars, in numpy's own .npy format; never pickled."""

from __future__ import annotations

import io
from typing import Any, BinaryIO

import numpy as np

from stook.errors import InputError, IntegrityError
from stook.format import canonical
from stook.store.codec import Encoded, Source

__all__ = ["CODEC", "ArrayCodec"]

_CONTEXT = "stook v1 array"
_BROKEN = (ValueError, TypeError, KeyError, SyntaxError, EOFError, OverflowError, MemoryError, RecursionError)


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
        header = canonical.encode([_describe(array.dtype), list(array.shape), is_scalar])
        content = np.ascontiguousarray(array).reshape(-1)
        digest = canonical.digest(_CONTEXT, header, content.view(np.uint8).data if content.nbytes else b"")
        return Encoded(digest, {"scalar": True} if is_scalar else {})

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

    def facts(self, source: Source, meta: dict[str, object]) -> dict[str, object]:
        """Return shape and dtype as plain values, without reading the elements.

        Raises:
            IntegrityError: The bytes do not begin as an array does.
        """
        try:
            with source.open() as file:
                version = np.lib.format.read_magic(file)
                read = (
                    np.lib.format.read_array_header_1_0
                    if version == (1, 0)
                    else np.lib.format.read_array_header_2_0
                )
                shape, _, dtype = read(file)
        except _BROKEN as error:
            raise _damaged(error) from error
        return {"shape": list(shape), "dtype": str(dtype)}


CODEC = ArrayCodec()


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
