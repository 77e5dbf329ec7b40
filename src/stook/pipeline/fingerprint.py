"""The fingerprint of a task: the digest of all that its result depends on, which is the key of its cache."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from stook.format import canonical
from stook.model.lineage import Input, Lineage
from stook.pipeline.closure import Closure

__all__ = ["FINGERPRINT_VERSION", "Fingerprint", "InputBundle", "fingerprint"]

FINGERPRINT_VERSION = 1
_CONTEXT = "stook v1 fingerprint"


@dataclass(frozen=True, slots=True)
class InputBundle:
    """One input of a task, as far as its fingerprint and lineage go.

    Attributes:
        name: The bundle's name.
        id: Its version; it informs, and is not part of the fingerprint.
        digest: Digest of its content.
    """

    name: str
    id: str
    digest: str


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """A fingerprint and what it was made of.

    Attributes:
        digest: 64 hex digits.
        closure: The task's code.
        params: Its parameters by name.
        inputs: Its inputs by role.
    """

    digest: str
    closure: Closure
    params: dict[str, object]
    inputs: dict[str, InputBundle]

    def lineage(self, task: str) -> Lineage:
        """Return what there is to record before the task has run."""
        from stook.format import values
        from stook.pipeline.parameters import plain

        return Lineage(
            task=task,
            fingerprint=self.digest,
            algorithm=FINGERPRINT_VERSION,
            code=self.closure.code,
            params={name: values.to_json(plain(value)) for name, value in self.params.items()},
            inputs=tuple(Input(role, i.name, i.id, i.digest) for role, i in self.inputs.items()),
        )


def fingerprint(
    closure: Closure, params: Mapping[str, object], inputs: Mapping[str, InputBundle]
) -> Fingerprint:
    """Return the fingerprint of a task with certain parameters and inputs.

    Where inputs come from, when and by whom they were made does not count; only their content does.
    """
    material = {
        "algorithm": FINGERPRINT_VERSION,
        "code": closure.digest,
        "params": {name: _typed(value) for name, value in params.items()},
        "inputs": {role: bundle.digest for role, bundle in inputs.items()},
    }
    digest = canonical.digest(_CONTEXT, canonical.encode(material))
    return Fingerprint(digest, closure, dict(params), dict(inputs))


def _typed(value: object) -> object:
    """Return a plain value that differs wherever two values of parameters differ."""
    if isinstance(value, Enum):
        return {"enum": type(value).__qualname__, "name": value.name, "value": repr(value.value)}
    if isinstance(value, Path):
        return {"path": str(value)}
    return [_typed(item) for item in value] if isinstance(value, tuple) else value
