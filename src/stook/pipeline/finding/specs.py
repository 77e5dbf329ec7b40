"""A task as plain JSON: where its class is, its parameters, and what they hold; and the task again.

Nothing is unpickled. What a spec names is imported, which runs code: so only below folders that the caller trusts, or
from what is installed, and only what turns out to be a task is made.
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

from stook.errors import InputError, NotFoundError, StookError
from stook.format import values
from stook.pipeline.authoring.parameters import plain
from stook.pipeline.authoring.tasks import Task, requirements_in, revive_task, values_of
from stook.pipeline.authoring.user_code import user_code
from stook.pipeline.authoring.wanted import (
    External,
    Item,
    Mapped,
    Partition,
    Partitions,
    Requirement,
    Source,
    external,
    source,
)
from stook.pipeline.closure.packages import is_installed
from stook.pipeline.finding.importing import importable
from stook.pipeline.finding.locate import CodePlace, locate, script_name

__all__ = ["dump_class", "dump_task", "load_spec"]

_MAX_DEPTH = 100
_BROKEN = (TypeError, KeyError, ValueError, AttributeError, IndexError)


def dump_task(task: Task) -> dict[str, object]:
    """Return a task as plain JSON.

    Keys: `module` and `name` of its class; `file`, relative to its workspace where it is in it, empty for a notebook's
    cells; `params`, in the tagged JSON of `format.values`; `held`, the requirements that parameters hold.

    Raises:
        InputError: Its class has no place from which it could be loaded, or tasks hold tasks too deeply.
    """
    return _dump_task(task, 0)


def dump_class(task: type[Task]) -> dict[str, object]:
    """Return what `dump_task` says of the class alone: `module`, `name` and `file`. Raises InputError likewise."""
    place = locate(task)
    return {"module": place.module, "name": place.name, "file": _file_text(place)}


def load_spec(spec: Mapping[str, object], roots: Sequence[Path]) -> Task:
    """Return the task of a spec, importing its module.

    Args:
        spec: As `dump_task` gave it; it may come from elsewhere, and be anything.
        roots: Folders whose code may be imported, besides what is installed; the first one is the workspace.

    Raises:
        InputError: It is no spec, its parameters do not fit, or it leads elsewhere than to a task below the roots.
        NotFoundError: There is no such module or task any more.
        TaskError: The module raised when it was imported.
    """
    try:
        return _load_task(spec, tuple(root.resolve() for root in roots), 0)
    except _BROKEN as error:
        raise _bad_spec("it is not what Stook writes") from error


def _dump_task(task: Task, depth: int) -> dict[str, object]:
    if depth > _MAX_DEPTH:
        raise InputError(
            f"tasks hold tasks more than {_MAX_DEPTH} levels deep",
            kind="too-deep",
            hint="name them in requires",
        )
    held = {name: _dump_held(value, depth + 1) for name, value in requirements_in(task).items()}
    return {
        **dump_class(type(task)),
        "params": {name: values.to_json(plain(value)) for name, value in values_of(task).items()},
        **({"held": held} if held else {}),
    }


def _file_text(place: CodePlace) -> str:
    if place.is_live:
        return ""
    root = place.roots[0]
    return place.file.relative_to(root).as_posix() if place.file.is_relative_to(root) else place.file.name


def _dump_held(value: object, depth: int) -> object:
    if isinstance(value, tuple):
        return {"list": [_dump_held(item, depth) for item in value]}
    if isinstance(value, dict):
        return {"dict": {key: _dump_held(item, depth) for key, item in value.items()}}
    return _dump_requirement(value, depth)


def _dump_requirement(value: object, depth: int) -> dict[str, object]:
    match value:
        case Task():
            return {"task": _dump_task(value, depth)}
        case External():
            return {"external": value.ref}
        case Source():
            return {"source": str(value.path), "name": value.name}
        case Item():
            return {"item": value.path, "of": _dump_requirement(value.of, depth + 1)}
        case Partition():
            key = values.to_json(value.key)
            rows = {"by": value.by, "key": key, "start": value.start, "stop": value.stop}
            return {"part": rows, "of": _dump_requirement(value.of, depth + 1)}
        case Mapped():
            return _dump_mapped(value, depth)
        case _:
            raise InputError(f"{value!r} cannot be written down", kind="bad-requirement")


def _dump_mapped(value: Mapped, depth: int) -> dict[str, object]:
    over = value.over
    one = value.task(**value.fixed, **{value.parameter: over.of})
    return {
        "mapped": _dump_task(one, depth + 1),
        "parameter": value.parameter,
        "over": {"by": over.by, "rows": over.rows},
        "of": _dump_requirement(over.of, depth + 1),
    }


def _load_task(spec: Mapping[str, Any], roots: tuple[Path, ...], depth: int) -> Task:
    if depth > _MAX_DEPTH:
        raise _bad_spec("it is nested too deeply")
    cls = _find_class(_text(spec["module"]), _text(spec["name"]), _text(spec["file"]), roots)
    given = {_text(name): values.from_json(value) for name, value in dict(spec["params"]).items()}
    held = {
        _text(name): _load_held(value, roots, depth + 1) for name, value in dict(spec.get("held", {})).items()
    }
    try:
        return revive_task(cls, {**given, **held})
    except StookError as error:
        raise InputError(
            f"the task cannot be made again: {error.message}",
            kind="bad-spec",
            hint="its class has changed since it was written down",
        ) from error


def _load_held(value: Mapping[str, Any], roots: tuple[Path, ...], depth: int) -> object:
    if "list" in value:
        return tuple(_load_held(item, roots, depth) for item in value["list"])
    if "dict" in value:
        return {_text(key): _load_held(item, roots, depth) for key, item in value["dict"].items()}
    return _load_requirement(value, roots, depth)


def _load_requirement(value: Mapping[str, Any], roots: tuple[Path, ...], depth: int) -> Requirement:
    if depth > _MAX_DEPTH:
        raise _bad_spec("it is nested too deeply")
    if "task" in value:
        return _load_task(value["task"], roots, depth)
    if "external" in value:
        return external(_text(value["external"]))
    if "source" in value:
        return source(_text(value["source"]), _text(value["name"]))
    of = _load_requirement(value["of"], roots, depth + 1)
    if "item" in value:
        return Item(of, _text(value["item"]))
    if "part" in value:
        rows = value["part"]
        key = values.from_json(rows["key"])
        return Partition(of, _text(rows["by"]), key, _count(rows["start"]), _count(rows["stop"]))
    return _load_mapped(value, of, roots, depth)


def _load_mapped(value: Mapping[str, Any], of: Requirement, roots: tuple[Path, ...], depth: int) -> Mapped:
    one = _load_task(value["mapped"], roots, depth + 1)
    parameter = _text(value["parameter"])
    fixed = {name: found for name, found in vars(one).items() if name != parameter}
    over = Partitions(of, _text(value["over"]["by"]), _count(value["over"]["rows"]))
    return Mapped(type(one), parameter, over, fixed)


def _find_class(module: str, name: str, file: str, roots: tuple[Path, ...]) -> type[Task]:
    """Return a class by module and name, where it is a task below the roots, or installed."""
    found: object = _module(module, file, roots)
    for part in name.split("."):
        found = vars(found).get(part) if isinstance(found, type | ModuleType) else None
    if not (isinstance(found, type) and issubclass(found, Task)):
        raise NotFoundError(
            f"{module} has no task {name}", kind="task-not-found", hint="it was renamed or removed"
        )
    place = locate(found)
    if (place.module, place.name) != (module, name):
        raise _bad_spec(f"{module}:{name} is {place.module}:{place.name}")
    return found


def _module(module: str, file: str, roots: tuple[Path, ...]) -> ModuleType:
    """Return a module, imported only from where the caller trusts code."""
    main = sys.modules.get("__main__")
    if module == "__main__" and not file and main is not None:
        return main
    if main is not None and _runs_as(main, module, roots):
        return main
    if not all(part.isidentifier() for part in module.split(".")):
        raise _bad_spec(f"{module!r} is no module")
    with importable(roots):
        _check_origin(module, roots)
        with user_code(module, f"{module} cannot be imported", kind="import-failed", hint="mend the file"):
            return importlib.import_module(module)


def _runs_as(main: ModuleType, module: str, roots: tuple[Path, ...]) -> bool:
    """Tell whether a module is the script that runs, whose classes are those of `__main__`."""
    file = getattr(main, "__file__", None)
    return file is not None and bool(roots) and script_name(Path(file).resolve(), roots[0]) == module


def _check_origin(module: str, roots: tuple[Path, ...]) -> None:
    """Refuse a module that is neither below the roots nor installed, before any of its code runs.

    The outermost package is looked at, for those around a module are imported before it.
    """
    importlib.invalidate_caches()
    spec = importlib.util.find_spec(module.partition(".")[0])
    places = [spec.origin, *(spec.submodule_search_locations or ())] if spec else []
    paths = [Path(place).resolve() for place in places if place and place not in {"built-in", "frozen"}]
    if not paths:
        raise NotFoundError(f"there is no module {module}", kind="module-not-found", hint="mind the folder")
    for path in paths:
        if not is_installed(path) and not any(path.is_relative_to(root) for root in roots):
            raise _bad_spec(f"{module} is neither in {roots[0] if roots else 'a workspace'} nor installed")


def _text(value: object) -> str:
    if type(value) is not str:
        raise TypeError
    return value


def _count(value: object) -> int:
    if type(value) is not int or value < 0:
        raise TypeError
    return value


def _bad_spec(problem: str) -> InputError:
    return InputError(f"a task that is written down cannot be loaded: {problem}", kind="bad-spec")
