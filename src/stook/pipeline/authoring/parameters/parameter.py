"""One parameter of a task."""

from __future__ import annotations

import reprlib
from collections.abc import Callable, Mapping
from enum import Enum
from typing import Final

import msgspec

from stook.errors import InputError
from stook.pipeline.authoring.parameters.kind import MISFITS, Kind, MisfitError
from stook.pipeline.authoring.parameters.routed import route
from stook.pipeline.authoring.parameters.values import SIMPLE
from stook.pipeline.authoring.user_code import attempt

__all__ = ["MISSING", "Parameter", "shown"]


class _Missing(Enum):
    MISSING = "missing"


MISSING: Final = _Missing.MISSING
_MOST_SHOWN: Final = 200


class Parameter(msgspec.Struct, frozen=True):
    """One parameter of a task. Methods raise InputError where a value does not fit, naming task and parameter.

    Attributes:
        name: Its name.
        kind: What it accepts.
        default: Its value where none is given; `MISSING` where one must be.
    """

    name: str
    kind: Kind
    default: object = MISSING

    @property
    def is_required(self) -> bool:
        """Whether a value must be given."""
        return self.default is MISSING

    @property
    def option(self) -> str:
        """How a command line names it: `--learning-rate`, and `--from` for `from_`."""
        return f"--{(self.name.rstrip('_') or self.name).replace('_', '-')}"

    def check(self, value: object, task: str) -> object:
        """Return a value given in Python as it is kept; of a requirement, whatever the kind, the requirement."""
        if type(value) in SIMPLE or hasattr(self.kind, "wanted"):
            return self._fit(self.kind.check, value, task)
        routed = self._fit(route, value, task)
        return self._fit(self.kind.check, value, task) if routed is None else routed

    def parse(self, text: str, task: str) -> object:
        """Return the value that a text on the command line means."""
        return self._fit(self.kind.parse, text, task)

    def load(self, value: object, task: str) -> object:
        """Return the value that one from a file means."""
        return self._fit(self.kind.load, value, task)

    def revive(self, value: object, task: str) -> object:
        """Return the value whose plain form this is."""
        return self._fit(self.kind.revive, value, task)

    def merge(self, base: object, parts: Mapping[str, str], task: str) -> object:
        """Return a value with parts of it replaced: texts by dotted path."""
        return self._fit(lambda value: self.kind.merge(value, parts), base, task)

    def _fit(self, make: Callable[..., object], value: object, task: str) -> object:
        try:
            return make(value)
        except MisfitError as error:
            path = ".".join((self.name, *error.path))
            raise self._refusal(path, error.value, error.label, error.reason, task) from error
        except MISFITS as error:
            raise self._refusal(self.name, value, self.kind.label, "", task) from error

    def _refusal(self, path: str, value: object, label: str, reason: str, task: str) -> InputError:
        problem = f": {reason}" if reason else f" is {shown(value)}, which is not {label}"
        return InputError(
            f"{task}: parameter {path}{problem}",
            kind="bad-parameter",
            hint=f"give {path} as {label}",
            task=task,
            parameter=self.name,
        )


def shown(value: object) -> str:
    """Return a value for a message: in one line, and short, however large it is and whatever its repr raises."""
    short = reprlib.Repr()
    short.maxstring = short.maxother = _MOST_SHOWN
    short.fillvalue = "…"
    found = attempt(lambda: short.repr(value))  # Python itself writes no int of 5,000 digits
    text = f"a {type(value).__qualname__}" if isinstance(found, Exception) else found
    text = " ".join(text.split()) if "\n" in text else text
    return text if len(text) <= _MOST_SHOWN else f"{text[:_MOST_SHOWN]}…"
