"""Score a file with a workspace's pipeline, and put the files of its result into a folder."""

from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import file_digest
from pathlib import Path

from stook._io import write_atomic
from stook.app.running import run
from stook.config import get_workspace, load_config
from stook.errors import InputError, IntegrityError
from stook.model.events import Observer, ignore
from stook.pipeline import RunResult, load_task, parameters_of, parse_task
from stook.store import Bundle, Store, open_store

__all__ = ["Predicted", "Request", "check_request", "predict", "predict_file"]

_PIECE = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Request:
    """What to score.

    Attributes:
        source: A file of transactions, `-` for standard input; the task's own default where empty.
        output: Folder for the files; none are written where None.
        columns: Which column is which, `customer=CustomerID,…`; guessed where empty.
        horizon: Days ahead; the task's own default where None.
    """

    source: str = ""
    output: Path | None = None
    columns: str = ""
    horizon: int | None = None


@dataclass(frozen=True, slots=True)
class Predicted:
    """What came of it.

    Attributes:
        result: The run, step by step; its bundle has the files.
        params: Parameters of the task that were given, as one writes them.
        sources: Bundles that it read and did not make, such as the one that keeps the input file.
        files: Files written, by name.
        metrics: Content of the bundle's `metrics.json`; empty where there is none.
        store: Where the bundles are.
    """

    result: RunResult
    params: dict[str, str]
    sources: tuple[Bundle, ...]
    files: dict[str, Path]
    metrics: dict[str, object]
    store: Store


def check_request(request: Request) -> None:
    """Refuse what cannot work before anything is made or run.

    Raises:
        InputError: There is no such file to score, or it is a folder, or the output folder cannot be written to.
    """
    if request.source not in ("", "-"):
        _existing(Path(request.source).expanduser().absolute())
    if request.output:
        _check_output(request.output)


def predict(request: Request, *, folder: Path | None = None, observer: Observer) -> Predicted:
    """Run the task that the workspace names under `[predict] task`, and write the files that it makes.

    Args:
        request: What to score.
        folder: A folder in the workspace; the current one by default.
        observer: Is told what happens.

    Raises:
        NotFoundError: There is no workspace, or no such task.
        InputError: The workspace names no task, or the input cannot be used; nothing is written.
        TaskError: A task failed; nothing is written.
    """
    check_request(request)
    folder = (folder or Path.cwd()).resolve()
    config = load_config(cwd=folder)
    workspace = get_workspace(config)
    if not config.predict_task.value:
        raise InputError(
            f"{workspace} names no task that predicts",
            kind="no-predict-task",
            hint='add to its stook.toml: [predict] task = "pipeline:Report"',
        )
    task = load_task(config.predict_task.value, folder=workspace)
    store = open_store(folder=folder)
    texts = _texts(request, workspace=workspace, cache=Path(config.cache.value))
    unknown = sorted(texts.keys() - parameters_of(task).keys())
    if unknown:
        raise InputError(
            f"{config.predict_task.value} takes no {', '.join(unknown)}",
            kind="unknown-parameter",
            hint=f"leave out the option, or add the parameter {unknown[0]} to the task",
        )
    result = run(parse_task(task, texts), store=store, observer=observer)
    files = write_files(result.bundle, request.output) if request.output else {}
    return Predicted(result, texts, _sources(result, store), files, _metrics(result.bundle), store)


def predict_file(
    source: str | Path,
    output: str | Path,
    *,
    columns: str = "",
    horizon: int | None = None,
    folder: str | Path | None = None,
) -> Predicted:
    """Score a file with a workspace's pipeline and write the files of its result; `stook predict` from Python.

    Args:
        source: The file; `-` for standard input.
        output: Folder for the files.
        columns: Which column is which, `customer=CustomerID,…`; guessed where empty.
        horizon: Days ahead; the pipeline's own default where None.
        folder: A folder in the workspace; the current one by default.

    Raises:
        NotFoundError, InputError, TaskError: As `stook predict` has it; nothing is written.
    """
    request = Request(str(source), Path(output), columns, horizon)
    return predict(request, folder=Path(folder) if folder is not None else None, observer=ignore)


def write_files(bundle: Bundle, folder: Path) -> dict[str, Path]:
    """Write a bundle's files into a folder, each whole or not at all.

    Raises:
        InputError: The folder cannot be written to.
    """
    written = {}
    for name in bundle.keys():
        path = folder / name
        try:
            write_atomic(path, _pieces(bundle.path(name)))
        except OSError as error:
            raise _cannot_write(path, error.strerror or str(error)) from error
        written[name] = path
    return written


def _check_output(folder: Path) -> None:
    """See that the folder, or the nearest one above it, takes files: before the work, not after."""
    nearest = next((path for path in (folder, *folder.absolute().parents) if path.exists()), folder)
    if not nearest.is_dir():
        raise _cannot_write(folder, f"{nearest} is a file")
    if not os.access(nearest, os.W_OK | os.X_OK):
        raise _cannot_write(folder, f"{nearest} is not yours to write to")


def _cannot_write(path: Path, why: str) -> InputError:
    return InputError(
        f"cannot write {path}: {why}",
        kind="cannot-write",
        hint="name another folder with -o",
        path=str(path),
    )


def _sources(result: RunResult, store: Store) -> tuple[Bundle, ...]:
    made = {step.bundle.id for step in result.steps}
    read = {given.id: given.name for step in result.steps for given in step.bundle.inputs}
    found = (store.find(f"{name}@{given}") for given, name in read.items() if given not in made)
    return tuple(bundle for bundle in found if bundle)


def _texts(request: Request, *, workspace: Path, cache: Path) -> dict[str, str]:
    texts = {}
    if request.source:
        source = _spooled(cache) if request.source == "-" else Path(request.source)
        texts["source"] = _named(_existing(source.expanduser().absolute()), workspace)
    if request.columns:
        texts["columns"] = request.columns
    if request.horizon is not None:
        texts["horizon"] = str(request.horizon)
    return texts


def _named(path: Path, workspace: Path) -> str:
    """Name a file of the workspace from there, as its tasks do: the same file is the same parameter."""
    path = path.parent.resolve() / path.name
    return str(path.relative_to(workspace) if path.is_relative_to(workspace) else path)


def _existing(path: Path) -> Path:
    if not path.exists():
        raise InputError(
            f"there is no file {path}", kind="no-such-file", hint="check the path after -i", path=str(path)
        )
    if path.is_dir():
        raise InputError(
            f"{path} is a folder, not a file",
            kind="not-a-file",
            hint="name one file after -i",
            path=str(path),
        )
    return path


def _spooled(cache: Path) -> Path:
    """Keep standard input as a file in a folder named by its content, so that the same input is known again."""
    folder = cache / "stdin"
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=folder, delete=False) as spool:
        shutil.copyfileobj(sys.stdin.buffer, spool, _PIECE)
    if not os.path.getsize(spool.name):
        os.unlink(spool.name)
        raise InputError(
            "standard input is empty", kind="empty-input", hint="check the command before the pipe"
        )
    with open(spool.name, "rb") as file:
        path = folder / file_digest(file, "sha256").hexdigest() / "standard-input"
    path.parent.mkdir(exist_ok=True)
    os.replace(spool.name, path)
    return path


def _pieces(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while piece := file.read(_PIECE):
            yield piece


def _metrics(bundle: Bundle) -> dict[str, object]:
    if "metrics.json" not in bundle.keys():
        return {}
    metrics = json.loads(bundle.path("metrics.json").read_text(encoding="utf-8"))
    if not isinstance(metrics, dict):
        raise IntegrityError(f"metrics.json of {bundle.ref} is no object", kind="bad-metrics")
    return metrics
