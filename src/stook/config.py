"""Settings, each of which knows where it came from: flag > environment > workspace > user > default."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path

import msgspec

from stook.errors import InputError, NotFoundError

__all__ = ["WORKSPACE_FILE", "Config", "Setting", "find_workspace", "get_workspace", "load_config"]

WORKSPACE_FILE = "stook.toml"
_DEFAULT_CONTEXT = "default"
_NAMES = (
    "store",
    "cache",
    "context",
    "owner",
    "predict_task",
    "keep_code",
    "jobs",
    "only_missing",
    "pull",
    "push",
)
_SWITCHES = {("pipeline", "keep_code"), ("run", "only_missing"), ("run", "pull"), ("run", "push")}
_NUMBERS = {("run", "jobs")}
_YES, _NO = frozenset({"1", "true", "yes", "on"}), frozenset({"0", "false", "no", "off"})
_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:")


class Setting(msgspec.Struct, frozen=True):
    """A value, and the place that gave it, in words."""

    value: str
    origin: str


class Config(msgspec.Struct, frozen=True):
    """Every setting.

    Attributes:
        workspace: The folder with `stook.toml`; None outside of one.
        store: Path or URL of the home store.
        cache: Folder for catalogs and files that can be made again.
        context: Name of the line of bundles that work goes to.
        owner: Who makes bundles.
        predict_task: `FILE_OR_MODULE:Task` that `stook predict` runs; empty where the workspace names none.
        keep_code: Whether the source text of tasks is kept with what they make: `true` or `false`.
        jobs: How many tasks run at once: a number, or `auto`.
        only_missing: Whether a run takes results that others have sent to a remote: `true` or `false`.
        pull: Whether a run gets all data of results that it reuses: `true` or `false`.
        push: Whether a run sends its results to a remote: `true` or `false`.
    """

    workspace: Path | None
    store: Setting
    cache: Setting
    context: Setting
    owner: Setting
    predict_task: Setting
    keep_code: Setting
    jobs: Setting
    only_missing: Setting
    pull: Setting
    push: Setting

    @property
    def keeps_code(self) -> bool:
        """Whether the source text of tasks is kept with what they make. Raises as `is_on` does."""
        return self.is_on("keep_code")

    def is_on(self, name: str) -> bool:
        """Tell whether a setting that is yes or no is yes.

        Raises:
            InputError: It is neither.
        """
        setting = self.settings()[name]
        word = setting.value.lower()
        if word not in _YES | _NO:
            raise InputError(
                f"{setting.origin}: {name} is {setting.value!r}, which is neither true nor false",
                kind="bad-config",
                hint="write true or false",
            )
        return word in _YES

    def settings(self) -> dict[str, Setting]:
        """Return every setting by its name."""
        return {name: getattr(self, name) for name in _NAMES}


def find_workspace(start: Path) -> Path | None:
    """Return the nearest folder with `stook.toml`, `start` itself or above it; None where there is none."""
    for folder in (start, *start.parents):
        if os.path.isfile(folder / WORKSPACE_FILE):  # not an error where it may not be seen
            return folder
    return None


def load_config(
    *,
    cwd: Path | None = None,
    environ: Mapping[str, str] | None = None,
    flags: Mapping[str, str | None] | None = None,
) -> Config:
    """Gather the settings that hold in a folder.

    Args:
        cwd: The folder; the current one by default.
        environ: Environment variables; the process's by default.
        flags: Values given on the command line, by setting; None where not given.

    Raises:
        InputError: A configuration file cannot be read or is not valid TOML, or a value in it is not a string.
    """
    environ = os.environ if environ is None else environ
    workspace = find_workspace((cwd or Path.cwd()).resolve())
    home = Path(environ.get("HOME") or Path.home())
    user_file = Path(environ.get("XDG_CONFIG_HOME") or home / ".config") / "stook" / "config.toml"
    layers = _Layers(
        flags=flags or {},
        environ=environ,
        workspace=_read_toml(workspace / WORKSPACE_FILE) if workspace else _Toml({}, Path()),
        user=_read_toml(user_file),
        home=home,
    )
    default_cache = Path(environ.get("XDG_CACHE_HOME") or home / ".cache") / "stook"
    context = workspace.name if workspace else _DEFAULT_CONTEXT
    return Config(
        workspace=workspace,
        store=layers.find_place("store", "STOOK_HOME", ("store", "path"), home / ".stook"),
        cache=layers.find_place("cache", "STOOK_CACHE", ("store", "cache"), default_cache),
        context=layers.find("context", "STOOK_CONTEXT", ("workspace", "context"), context),
        owner=layers.find("owner", "STOOK_OWNER", ("workspace", "owner"), _user_name(environ)),
        predict_task=layers.find("predict_task", "STOOK_PREDICT_TASK", ("predict", "task"), ""),
        keep_code=layers.find("keep_code", "STOOK_KEEP_CODE", ("pipeline", "keep_code"), "true"),
        jobs=layers.find("jobs", "STOOK_JOBS", ("run", "jobs"), "1"),
        only_missing=layers.find("only_missing", "STOOK_ONLY_MISSING", ("run", "only_missing"), "false"),
        pull=layers.find("pull", "STOOK_PULL", ("run", "pull"), "false"),
        push=layers.find("push", "STOOK_PUSH", ("run", "push"), "false"),
    )


def get_workspace(config: Config) -> Path:
    """Return the workspace's folder.

    Raises:
        NotFoundError: The current folder is in none.
    """
    if config.workspace is None:
        raise NotFoundError(
            f"no {WORKSPACE_FILE} here or in a folder above",
            kind="no-workspace",
            hint="stook init makes this folder a workspace; stook demo makes an example of one",
        )
    return config.workspace


class _Toml(msgspec.Struct, frozen=True):
    values: Mapping[str, object]
    path: Path

    def find(self, keys: tuple[str, str]) -> str | None:
        table = self.values.get(keys[0], {})
        value = table.get(keys[1]) if isinstance(table, Mapping) else [table]
        if isinstance(value, bool) and keys in _SWITCHES:
            return str(value).lower()
        if type(value) is int and keys in _NUMBERS:
            return str(value)
        if value is not None and not isinstance(value, str):
            raise InputError(
                f"{self.path}: [{keys[0]}] {keys[1]} is {value!r}, which is not a string",
                kind="bad-config",
                hint=f'write {keys[1]} = "…" in {self.path}',
            )
        return value


class _Layers(msgspec.Struct, frozen=True):
    flags: Mapping[str, str | None]
    environ: Mapping[str, str]
    workspace: _Toml
    user: _Toml
    home: Path

    def find_place(self, name: str, variable: str, keys: tuple[str, str], default: Path) -> Setting:
        """Find a path or URL; a relative path is relative to the file that has it, else to the current folder."""
        setting = self.find(name, variable, keys, str(default))
        if _URL.match(setting.value):
            return setting
        path = setting.value
        if path == "~" or path.startswith("~/"):
            path = f"{self.home}{path[1:]}"
        files = {str(toml.path): toml.path.parent for toml in (self.user, self.workspace)}
        return Setting(str(files.get(setting.origin, Path.cwd()) / path), setting.origin)

    def find(self, name: str, variable: str, keys: tuple[str, str], default: str) -> Setting:
        flag = self.flags.get(name)
        if flag is not None:
            return Setting(flag, f"--{name.replace('_', '-')}")
        if self.environ.get(variable):
            return Setting(self.environ[variable], f"environment variable {variable}")
        for toml in (self.workspace, self.user):
            value = toml.find(keys)
            if value is not None:
                return Setting(value, str(toml.path))
        return Setting(default, "default")


def _read_toml(path: Path) -> _Toml:
    try:
        return _Toml(_parse(path.read_text(encoding="utf-8")), path)
    except (FileNotFoundError, NotADirectoryError):
        return _Toml({}, path)
    except OSError as error:
        raise InputError(
            f"{path} cannot be read: {error.strerror}",
            kind="bad-config",
            hint="check what it is, and its permissions",
        ) from error
    except ValueError as error:  # it is no TOML, or no UTF-8
        raise InputError(
            f"{path} is not valid TOML: {error}", kind="bad-config", hint=f"correct it: {path}"
        ) from error


def _parse(text: str) -> dict[str, object]:
    import tomllib  # which takes longer than to see that there is no file

    return tomllib.loads(text)


def _user_name(environ: Mapping[str, str]) -> str:
    for variable in ("LOGNAME", "USER", "USERNAME"):
        if environ.get(variable):
            return environ[variable]
    import getpass

    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "unknown"
