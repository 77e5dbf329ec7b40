"""What a kind of parameter is: the protocol that each of them follows."""

from __future__ import annotations

import json
from collections.abc import Mapping

__all__ = ["MISFITS", "Kind", "MisfitError", "read_json"]

MISFITS = (TypeError, ValueError, ArithmeticError, RecursionError)
"""What a kind raises where a value does not fit."""


class MisfitError(ValueError):
    """A value within a value does not fit.

    Args:
        path: Names and positions that lead to it.
        value: The value.
        label: What it should be; empty where the value's own class says so in `reason`.
        reason: Why it does not fit, where that is no matter of its kind.
    """

    def __init__(self, path: tuple[str, ...], value: object, label: str, reason: str = "") -> None:
        super().__init__(reason or label)
        self.path = path
        self.value = value
        self.label = label
        self.reason = reason


class Kind:
    """What values a parameter accepts. Each method raises one of `MISFITS` for a value that does not fit.

    Attributes:
        label: In words for a person, such as `a whole number`.
    """

    label: str = ""

    def check(self, value: object) -> object:
        """Return a value given in Python, immutable and in its one exact type."""
        raise NotImplementedError

    def parse(self, text: str) -> object:
        """Return the value that a text of a command line means."""
        raise NotImplementedError

    def load(self, value: object) -> object:
        """Return the value that one from a TOML, JSON or YAML file means."""
        try:
            return self.check(value)
        except MISFITS:
            if isinstance(value, str):
                return self.parse(value)
            raise

    def revive(self, value: object) -> object:
        """Return the value whose plain form this is, as `values.plain` gave it."""
        return self.check(value)

    def merge(self, base: object, parts: Mapping[str, str]) -> object:
        """Return a value with parts of it replaced.

        Args:
            base: The value; `MISSING` where there is none yet.
            parts: Texts by the dotted path of each part.
        """
        raise MisfitError((), base, self.label, f"it has no part {next(iter(parts))}, being {self.label}")

    def within(self, path: str, value: object, how: str = "check") -> object:
        """Return a value that is part of another. Raises MisfitError, which knows where it is."""
        try:
            return getattr(self, how)(value)
        except MisfitError as error:
            raise MisfitError((path, *error.path), error.value, error.label, error.reason) from error
        except MISFITS as error:
            raise MisfitError((path,), value, self.label) from error


def read_json(text: str) -> object:
    """Return the value of a JSON text. Raises ValueError where it is none, or nested too deeply."""
    try:
        return json.loads(text)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
