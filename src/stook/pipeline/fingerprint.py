"""The fingerprint of a task: the digest of all that its result depends on, which is the key of its cache."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from pathlib import Path

from stook.format import canonical, values
from stook.model.lineage import Input, Lineage
from stook.pipeline.closure import Closure
from stook.pipeline.parameters import plain

__all__ = ["FINGERPRINT_VERSION", "describe"]

FINGERPRINT_VERSION = 1
_CONTEXT = "stook v1 fingerprint"


def describe(
    task: str, closure: Closure, params: Mapping[str, object], inputs: Mapping[str, Input]
) -> Lineage:
    """Return what there is to record of a task before it has run, its fingerprint included.

    Where inputs come from, when and by whom they were made does not count in that; only their content does.

    Args:
        task: The task, as `module:Name`.
        closure: Its code.
        params: Its parameters by name.
        inputs: Its inputs by role.
    """
    material = {
        "algorithm": FINGERPRINT_VERSION,
        "code": closure.digest,
        "params": {name: _typed(value) for name, value in params.items()},
        "inputs": {role: bundle.digest for role, bundle in inputs.items()},
    }
    return Lineage(
        task=task,
        fingerprint=canonical.digest(_CONTEXT, canonical.encode(material)),
        algorithm=FINGERPRINT_VERSION,
        code=closure.code,
        params={name: values.to_json(plain(value)) for name, value in params.items()},
        inputs=tuple(inputs.values()),
    )


def _typed(value: object) -> object:
    """Return a plain value that differs wherever two values of parameters differ."""
    if isinstance(value, Enum):
        return {"enum": type(value).__qualname__, "name": value.name, "value": repr(value.value)}
    if isinstance(value, Path):
        return {"path": str(value)}
    return [_typed(item) for item in value] if isinstance(value, tuple) else value
