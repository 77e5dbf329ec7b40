"""Make an example workspace and run it."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path

from stook._io import TEMP_PREFIX, write_atomic
from stook.app.predicting import Predicted, Request, check_request, predict
from stook.config import WORKSPACE_FILE, load_config
from stook.errors import InputError, MissingExtraError
from stook.model.events import Observer
from stook.model.refs import check_name
from stook.scaffold.render import render

__all__ = ["SAMPLE", "Demo", "run_demo"]

_TEMPLATE = "customer-value"
_FOLDER = "stook-demo"
SAMPLE = Path("data/raw/transactions.csv")
_OUTPUT = Path("data/output")
_SEED = 7
# Those of the extra `learn` that the template cannot do without; it has a way round a missing LightGBM.
_NEEDS = ("polars", "scipy", "sklearn", "skops")


@dataclass(frozen=True, slots=True)
class Demo:
    """What the demo made: the workspace, whether it is new, and what came of running it."""

    folder: Path
    is_new: bool
    predicted: Predicted


def run_demo(folder: Path | None, request: Request, *, observer: Observer) -> Demo:
    """Make a workspace from the template, with simulated transactions, and predict.

    A folder that is a workspace already is run as it is, with whatever has been edited.

    Args:
        folder: Where; made when it is not there. None stands for `stook-demo`, or, in a workspace that predicts
            already, for that one.
        request: What to score; without a source, the simulated transactions.
        observer: Is told what happens.

    Raises:
        MissingExtraError: The libraries that the template uses are not installed; nothing is made.
        InputError: The folder holds something else or cannot be written to, or the input is not there or cannot be
            used.
    """
    _require_libraries()
    check_request(request)
    folder = (folder or _usual_folder()).expanduser().resolve()
    is_new = not (folder / WORKSPACE_FILE).is_file()
    try:
        if is_new:
            _make(folder, with_sample=not request.source)
    except OSError as error:
        raise InputError(
            f"cannot write to {folder}: {error.strerror or error}",
            kind="cannot-write",
            hint="stook demo ANOTHER-FOLDER",
            path=str(folder),
        ) from error
    if not request.source and not (folder / SAMPLE).is_file():
        raise InputError(
            f"{folder} has no {SAMPLE}: it was made for transactions of your own",
            kind="no-sample",
            hint=f"stook demo {shlex.quote(str(folder))} --input FILE",
            path=str(folder),
        )
    request = replace(request, output=request.output or folder / _OUTPUT)
    return Demo(folder, is_new, predict(request, folder=folder, observer=observer))


def _usual_folder() -> Path:
    config = load_config()
    return config.workspace if config.workspace and config.predict_task.value else Path(_FOLDER)


def _require_libraries() -> None:
    """Say what is missing before anything is made, not after half of a run."""
    missing = [name for name in _NEEDS if find_spec(name) is None]
    if missing:
        raise MissingExtraError(
            f"the demo needs {', '.join(missing)}",
            kind="missing-extra",
            hint="pip install 'stook[learn]'",
            missing=tuple(missing),
        )


def _make(folder: Path, *, with_sample: bool) -> None:
    check_name(folder.name)
    rendered = render(_TEMPLATE, {"project_name": folder.name})
    if folder.exists() and not _is_ours(folder, rendered):
        raise InputError(
            f"{folder} is there already, and is no workspace",
            kind="folder-taken",
            hint="stook demo ANOTHER-FOLDER",
            path=str(folder),
        )
    if with_sample:
        _simulate(folder / SAMPLE)
    # The file that makes it a workspace comes last: a folder without it was not finished, and is made again.
    for path in sorted(rendered, key=lambda path: path == WORKSPACE_FILE):
        write_atomic(folder / path, rendered[path])


def _is_ours(folder: Path, rendered: Mapping[str, bytes]) -> bool:
    """Tell whether a folder has nothing in it that making the workspace would not put there."""
    if not folder.is_dir():
        return False
    files = (path for path in folder.rglob("*") if not path.is_dir())
    return all(
        path == folder / SAMPLE
        or path.name.startswith(TEMP_PREFIX)
        or rendered.get(path.relative_to(folder).as_posix()) == path.read_bytes()
        for path in files
    )


def _simulate(path: Path) -> None:
    if not path.is_file():
        from stook.scaffold.simulator import Shop, simulate_csv

        write_atomic(path, simulate_csv(Shop(seed=_SEED)))
