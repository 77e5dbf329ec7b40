"""A task as a command line names it, and what its help says."""

from __future__ import annotations

import inspect
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import Enum
from pathlib import Path
from typing import Any

from stook.errors import InputError, MissingExtraError, NotFoundError
from stook.pipeline import Task, load_task, parameters_of, parse_task
from stook.pipeline.authoring.parameters import Routed, plain

__all__ = ["ParameterHelp", "Target", "TaskHelp", "describe_target", "read_params_file"]

_MOST_BYTES = 16 << 20
_ABOUT_PARAMETERS = frozenset({"unknown-parameter", "missing-parameter", "bad-parameter"})
_SECTION = re.compile(r"^(Args|Attributes|Parameters|Returns|Raises|Yields|Example|Examples|Note|Notes):\s*$")
_OF_PARAMETERS = frozenset({"Args", "Attributes", "Parameters"})
_ENTRY = re.compile(r"^\s+\*{0,2}(\w+)(?:\s*\([^)]*\))?:\s*(.*)$")


@dataclass(frozen=True, slots=True)
class Target:
    """A task as it is written on a command line.

    Attributes:
        name: `pipeline.py:Features` or `package.module:Features`.
        params: Texts of parameters by name; `model.depth` is a part of `model`.
        given: Values from a file, by name, which texts go before.
    """

    name: str
    params: Mapping[str, str]
    given: Mapping[str, object] = field(default_factory=dict)

    def load(self) -> Task:
        """Return the task.

        Raises:
            NotFoundError: There is no such file, module or task.
            InputError: A parameter is unknown, missing or malformed.
            TaskError: The file raised when it was imported.
        """
        task = self.find()
        try:
            return parse_task(task, self.params, self.given)
        except InputError as error:
            if error.kind not in _ABOUT_PARAMETERS:
                raise
            hint = f"stook run {self.name} --help lists its parameters"
            raise InputError(error.message, kind=error.kind, hint=hint, **error.facts) from error

    def find(self) -> type[Task]:
        """Return the task's class. Raises as `load` does, parameters aside."""
        if not self.name.rpartition(":")[0] and self.name[:1] in ("", ":"):
            raise InputError(
                f"{self.name!r} names no file or module",
                kind="no-target",
                hint="write FILE_OR_MODULE:TASK, such as pipeline.py:Report",
            )
        return load_task(self.name)


@dataclass(frozen=True, slots=True)
class ParameterHelp:
    """A parameter as a command line gives it.

    Attributes:
        option: `--name`.
        label: What it accepts, in words.
        default: Its default as text; None where a value must be given.
        about: What the task's docstring says of it.
    """

    option: str
    label: str
    default: str | None
    about: str = ""


@dataclass(frozen=True, slots=True)
class TaskHelp:
    """What there is to say of a task before it runs: its name, its own words, its parameters."""

    name: str
    about: str
    parameters: tuple[ParameterHelp, ...]


def describe_target(target: Target) -> TaskHelp:
    """Say what a task does and which parameters it takes. Raises as `Target.find` does."""
    task = target.find()
    about, entries = _read_docstring(inspect.cleandoc(task.__doc__ or ""))
    return TaskHelp(
        name=target.name,
        about=about,
        parameters=tuple(
            ParameterHelp(
                option=parameter.option,
                label=parameter.kind.label,
                default=None if parameter.is_required else _default_text(parameter.default),
                about=entries.get(parameter.name, ""),
            )
            for parameter in parameters_of(task).values()
            if not isinstance(parameter.kind, Routed)
        ),
    )


def read_params_file(path: Path) -> dict[str, object]:
    """Return the parameters in a TOML, JSON or YAML file, by name.

    Raises:
        NotFoundError: There is no such file.
        InputError: It cannot be read, or has no names at its top.
        MissingExtraError: It is YAML, and PyYAML is not installed.
    """
    try:
        found = _load(path.suffix.lower(), _text_of(path), path)
    except (OSError, ValueError, RecursionError) as error:
        words = " ".join(str(error).split()) or type(error).__name__
        raise _bad_file(path, f"cannot be read: {words}") from error
    if not isinstance(found, dict) or not all(isinstance(name, str) for name in found):
        raise _bad_file(path, "has no names of parameters at its top")
    return found


def _text_of(path: Path) -> str:
    if not path.is_file():  # a pipe could be waited for without end
        raise NotFoundError(f"there is no file {path}", kind="file-not-found", hint="mind the folder")
    if path.stat().st_size > _MOST_BYTES:
        raise _bad_file(path, f"has more than {_MOST_BYTES:,} bytes")
    return path.read_text(encoding="utf-8-sig")


def _load(suffix: str, text: str, path: Path) -> object:
    if suffix == ".toml":
        import tomllib

        return tomllib.loads(text)
    if suffix == ".json":
        import json

        return json.loads(text, object_pairs_hook=_once_each)
    if suffix not in {".yaml", ".yml"}:
        raise _bad_file(path, "is neither TOML nor JSON nor YAML, as its name should say")
    try:
        import yaml  # type: ignore[import-untyped]
    except ImportError as error:
        raise MissingExtraError(
            f"{path} is YAML, and PyYAML is not installed",
            kind="missing-extra",
            hint="pip install pyyaml, or write the parameters as TOML or JSON",
        ) from error

    class OnceEach(yaml.SafeLoader):  # type: ignore[misc]
        def construct_mapping(self, node: Any, deep: bool = False) -> object:
            _once_each([(key.value, value) for key, value in node.value if isinstance(key.value, str)])
            return super().construct_mapping(node, deep=deep)

    try:
        return yaml.load(text, OnceEach)  # noqa: S506 - it is a safe loader
    except yaml.YAMLError as error:
        raise ValueError(str(error)) from error


def _once_each(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"{twice!r} is there twice")
    return found


def _bad_file(path: Path, problem: str) -> InputError:
    return InputError(
        f"{path} {problem}",
        kind="bad-params-file",
        hint="write one line for each: horizon = 30, in a .toml file",
    )


def _read_docstring(text: str) -> tuple[str, dict[str, str]]:
    """Return a docstring without its section on parameters, and what that says of each."""
    about: list[str] = []
    entries: dict[str, str] = {}
    section, current = "", ""
    for line in text.splitlines():
        heading = _SECTION.match(line)
        if heading or (section and line and not line.startswith(" ")):
            section, current = heading[1] if heading else "", ""
        if section not in _OF_PARAMETERS:
            about.append(line)
        elif entry := (None if current and _is_deeper(line, text) else _ENTRY.match(line)):
            current = entry[1]
            entries[current] = entry[2].strip()
        elif current and line.strip():
            entries[current] = f"{entries[current]} {line.strip()}".strip()
    return "\n".join(about).strip(), entries


def _is_deeper(line: str, text: str) -> bool:
    """Tell whether a line goes on with an entry, being indented more than entries are."""
    depths = [len(other) - len(other.lstrip()) for other in text.splitlines() if _ENTRY.match(other)]
    return len(line) - len(line.lstrip()) > min(depths, default=0)


def _default_text(value: object) -> str:
    if isinstance(value, Enum):
        return value.name
    if isinstance(value, list | tuple) and not any(isinstance(item, list | tuple | dict) for item in value):
        return ",".join(map(_default_text, value))
    if isinstance(value, str | date):
        return str(value)
    found = plain(tuple(value) if isinstance(value, list) else value)
    return str(found) if isinstance(found, str) or not isinstance(found, dict | list) else _json(found)


def _json(value: object) -> str:
    import json

    return json.dumps(value, default=str, ensure_ascii=False)
