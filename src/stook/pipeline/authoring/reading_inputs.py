"""How one input is read: what an annotation asks for, and what a bundle, item or partition gives."""

from __future__ import annotations

import inspect
import types
import typing
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, get_args, get_origin

import msgspec

from stook.errors import InputError, NotFoundError
from stook.pipeline.authoring.hints import Unresolved, is_bundle, library_of
from stook.pipeline.authoring.wanted import Item, Partition, Requirement

if TYPE_CHECKING:
    from stook.store import Bundle

__all__ = ["ANYTHING", "Reader", "reader_of"]

_LISTS: Final = (list, tuple, Sequence, Iterable)
_DICTS: Final = (dict, Mapping)


class Reader(msgspec.Struct, frozen=True):
    """How one input is read.

    Attributes:
        form: `bundle`, `pandas`, `polars`, `lazy`, `arrow`, `path`, `value`; empty for what is usual: a bundle whole,
            of an item its data, of a partition a table of the library that it was kept from.
        label: What is asked for, in words.
        accepts: Classes of which a value has to be one; any where empty.
        each: How parts of a list or dict are read.
    """

    form: str = ""
    label: str = "anything"
    accepts: tuple[type, ...] = ()
    each: Reader | None = None

    @property
    def of_each(self) -> Reader:
        """How parts of a list or dict of requirements are read."""
        return self.each or ANYTHING

    def read(self, bundle: Bundle, requirement: Requirement, role: str, task: str) -> object:
        """Return an input as it is asked for.

        Args:
            bundle: The bundle that it is, or is in.
            requirement: What was required.
            role: Its role, for the error.
            task: The task's name, for the error.

        Raises:
            InputError: It cannot be had so.
            NotFoundError: The bundle has no such item.
        """
        try:
            found = self._read(bundle, requirement)
        except InputError as error:
            raise self._refusal(error.message, bundle, role, task) from error
        except NotFoundError as error:
            if isinstance(requirement, Item):
                raise
            raise self._refusal(f"{bundle.ref} has none", bundle, role, task) from error
        if self.accepts and not _is_one_of(found, self.accepts):
            what = f"{type(found).__module__}.{type(found).__qualname__}".removeprefix("builtins.")
            raise self._refusal(f"{bundle.ref} is of type {what}", bundle, role, task)
        return found

    def _read(self, bundle: Bundle, requirement: Requirement) -> object:
        if isinstance(requirement, Partition):
            return self._rows(bundle, requirement)
        path = requirement.path if isinstance(requirement, Item) else ""
        match self.form:
            case "pandas":
                return bundle.to_pandas(path)
            case "polars":
                return bundle.to_polars(path)
            case "lazy":
                return bundle.to_polars(path).lazy()
            case "arrow":
                return bundle.to_arrow(path)
            case "path":
                return bundle.path(path)
            case "bundle" if isinstance(requirement, Item):
                raise InputError("an item of a bundle is no bundle", kind="bad-input")
            case "value":
                return bundle.item(path) if path else bundle.data
            case _:
                return bundle.item(path) if isinstance(requirement, Item) else bundle

    def _rows(self, bundle: Bundle, wanted: Partition) -> object:
        if self.form not in {"", "pandas", "polars", "lazy", "arrow"}:
            raise InputError("rows of a table are a table", kind="bad-input")
        from stook.frames.partitions import read_rows

        return read_rows(bundle, wanted.item, wanted, self.form)

    def _refusal(self, problem: str, bundle: Bundle, role: str, task: str) -> InputError:
        called = bundle.name if role.isdigit() else role
        return InputError(
            f"{task}: input {called} is asked for as {self.label}, but {problem}",
            kind="bad-input",
            hint="annotate the argument with what the input is, or with stook.Bundle",
            task=task,
            role=role,
        )


ANYTHING: Final = Reader()
_BUNDLE: Final = Reader("bundle", "stook.Bundle")
_PATH: Final = Reader("path", "a path")


def reader_of(annotation: Any) -> Reader:
    """Return how an input with this annotation is read.

    Raises:
        TypeError: Nobody knows what the annotation is.
    """
    if annotation in (inspect.Parameter.empty, Any, object, None) or isinstance(annotation, typing.TypeVar):
        return ANYTHING
    library = library_of(annotation)
    if library:
        return Reader(library, _label(annotation))
    if isinstance(annotation, Unresolved):
        return _of_text(annotation)
    if hasattr(annotation, "__supertype__"):
        return reader_of(annotation.__supertype__)
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is typing.Annotated:
        return reader_of(arguments[0])
    if origin in (typing.Union, types.UnionType):
        return _of_union([argument for argument in arguments if argument is not type(None)], annotation)
    if origin in _LISTS or origin in _DICTS:
        each = reader_of(arguments[-2 if arguments[-1] is ... else -1]) if arguments else ANYTHING
        return Reader("value", str(annotation), (origin,), each)
    return _of_class(origin or annotation, annotation)


def _of_text(annotation: Unresolved) -> Reader:
    if is_bundle(annotation):
        return _BUNDLE
    if annotation.text in {"Path", "pathlib.Path"}:
        return _PATH
    raise TypeError(f"its annotation {annotation.text} names something that is not there")


def _of_union(members: Sequence[Any], annotation: Any) -> Reader:
    readers = [reader_of(member) for member in members]
    if len(readers) == 1:
        return readers[0]
    chosen = next((reader for reader in readers if reader.form != "value"), None)
    if chosen is not None:
        return chosen
    accepts = tuple(one for reader in readers for one in reader.accepts)
    return Reader("value", str(annotation), accepts if all(reader.accepts for reader in readers) else ())


def _of_class(wanted: Any, annotation: Any) -> Reader:
    if not isinstance(wanted, type):
        return Reader("value", str(annotation))
    if issubclass(wanted, Path):
        return _PATH
    if issubclass(wanted, Requirement):
        return ANYTHING
    if is_bundle(wanted):
        return _BUNDLE
    return Reader("value", _label(annotation), (int, float) if wanted is float else (wanted,))


def _is_one_of(value: object, accepts: tuple[type, ...]) -> bool:
    try:
        return isinstance(value, accepts)
    except TypeError:  # a protocol that cannot be checked
        return True


def _label(annotation: Any) -> str:
    if isinstance(annotation, Unresolved):
        return annotation.text
    if not isinstance(annotation, type):
        return str(annotation)
    name = f"{annotation.__module__.partition('.')[0]}.{annotation.__qualname__}"
    return name.removeprefix("builtins.")
