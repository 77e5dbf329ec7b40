"""How the parameters of a task are written for a person."""

from __future__ import annotations

from stook.pipeline.authoring.parameters import SIMPLE, plain
from stook.pipeline.authoring.tasks import Task
from stook.pipeline.authoring.wanted import External, Item, Partition, Source

__all__ = ["written_values"]


def written_values(task: Task) -> dict[str, str]:
    """Return each parameter as `name=value`, by name; a partition as what it is: `day=2026-01-31`."""
    return {
        name: value.label if isinstance(value, Partition) else f"{name}={_written(value)}"
        for name, value in task.__dict__.items()
    }


def _written(value: object) -> str:
    if type(value) in SIMPLE:
        return str(value)
    match value:
        case Item():
            return f"{_written(value.of)}[{value.path}]"
        case External():
            return value.ref
        case Source():
            return value.name
    return str(plain(value))
