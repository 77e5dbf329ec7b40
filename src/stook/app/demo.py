"""Make an example workspace and run it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path

from stook._io import write_atomic
from stook.app.predicting import Predicted, Request, predict
from stook.config import WORKSPACE_FILE
from stook.errors import InputError, MissingExtraError
from stook.model.events import Observer
from stook.scaffold.render import render

__all__ = ["Demo", "run_demo"]

_TEMPLATE = "customer-value"
_SAMPLE = Path("data/raw/transactions.csv")
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


def run_demo(folder: Path, request: Request, *, observer: Observer) -> Demo:
    """Make a workspace from the template, with simulated transactions, and predict.

    A folder that is a workspace already is run as it is, with whatever has been edited.

    Args:
        folder: Where; made when it is not there.
        request: What to score; without a source, the simulated transactions.
        observer: Is told what happens.

    Raises:
        MissingExtraError: The libraries that the template uses are not installed; nothing is made.
        InputError: The folder holds something else, or the input cannot be used.
    """
    _require_libraries()
    folder = folder.expanduser().resolve()
    is_new = not (folder / WORKSPACE_FILE).is_file()
    if is_new:
        _make(folder)
    if not request.source:
        _simulate(folder / _SAMPLE)
    request = replace(request, output=request.output or folder / _OUTPUT)
    return Demo(folder, is_new, predict(request, folder=folder, observer=observer))


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


def _make(folder: Path) -> None:
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise InputError(
            f"{folder} is there already, and is no workspace",
            kind="folder-taken",
            hint="stook demo ANOTHER-FOLDER",
            path=str(folder),
        )
    rendered = render(_TEMPLATE, {"project_name": folder.name})
    # The file that makes it a workspace comes last: a folder without it was not finished, and is made again.
    for path in sorted(rendered, key=lambda path: path == WORKSPACE_FILE):
        write_atomic(folder / path, rendered[path])


def _simulate(path: Path) -> None:
    if not path.is_file():
        from stook.scaffold.simulator import Shop, simulate_csv

        write_atomic(path, simulate_csv(Shop(seed=_SEED)))
