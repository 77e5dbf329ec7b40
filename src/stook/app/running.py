"""Run tasks as people do: with a record of the run, beside other runs, and as the settings say."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from stook.app.exchange_choice import choose_exchange
from stook.app.notebook_lines import NotebookLines, is_notebook
from stook.app.run_records import Recorder, runs_folder
from stook.config import load_config
from stook.model.events import Event, Observer, RunStarted, ignore
from stook.model.run import RunHead
from stook.model.run_names import RANDOM_BYTES, make_run_id
from stook.pipeline import Others, RunOptions, RunResult, Task, count_jobs
from stook.pipeline import run as run_graph
from stook.pipeline.running.leases import FolderLeases
from stook.store import Store, open_store

__all__ = ["RunOptions", "count_jobs", "run", "usual_jobs"]


def run(  # noqa: PLR0913 - each is one thing to say of a run, and by name
    task: Task | Sequence[Task],
    *,
    store: Store | None = None,
    jobs: int | str | None = None,
    keep_going: bool = False,
    force: str | Sequence[str] = (),
    only: str | Sequence[str] = (),
    upto: str | Sequence[str] = (),
    only_missing: bool | None = None,
    pull: bool | None = None,
    push: bool | None = None,
    remote: str = "",
    observer: Observer = ignore,
    command: Sequence[str] = (),
) -> RunResult:
    """Make a task's bundle, and first those that it requires; what is there already is reused.

    Args:
        task: The task with its parameters, or several.
        store: Where bundles are; the home store by default.
        jobs: How many tasks at once, or `auto`: one each CPU. With 1 they run in this process. The setting `jobs` by
            default, which is 1.
        keep_going: After a failure, go on with what does not need it.
        force: Tasks to run though their results are there: names of tasks or outputs, or patterns such as `train*`.
        only: Tasks to run; what they require is taken as it is, the newest with the same parameters.
        upto: Tasks to stop at.
        only_missing: Take results that others have sent to a remote, in place of making them. This and the next two are
            by default as the settings of their names say, which is no.
        pull: The same, and get all data of what is reused in the background, not each when it is used.
        push: Send results to the remote in the background, those too that were made before and are not there.
        remote: Name of the remote; the only one, or `origin` of several, by default.
        observer: Is told what happens, some of it from other threads.
        command: The words of the command line, for the record.

    Returns:
        The bundle, whether it was reused or made, and why; the same for each step.

    Raises:
        InputError: The graph or an option is wrong; nothing has run.
        NotFoundError: A file, an external bundle, or what an option names is not there; nothing has run.
        TaskError: A task failed; tasks that had finished are kept.
        CheckError: What a task made does not pass its checks.
        StorageError: All went well, but results could not be sent (`results-not-sent`); the fact `result` has what
            would have been returned.
    """
    config = load_config()
    store = store or open_store()
    choice = choose_exchange(store, config, only_missing=only_missing, pull=pull, push=push, remote=remote)
    runs = runs_folder(store)
    run_id = _new_id(runs)
    options = RunOptions(
        jobs=count_jobs(config.jobs.value if jobs is None else jobs),
        keep_going=keep_going,
        force=_words(force),
        only=_words(only),
        upto=_words(upto),
        run=run_id,
        folder=runs / run_id,
        keep_code=config.keeps_code,
    )
    targets = (task,) if isinstance(task, Task) else tuple(task)
    recorder = Recorder(runs / run_id, _describer(targets, store, options, tuple(command)))
    try:
        others = Others(_both(recorder, observer), FolderLeases(store.repository.cache / "leases", run_id))
        if choice.is_nothing:
            return run_graph(task, store=store, options=options, others=others)
        from stook.app.exchanging import run_exchanging  # which most runs need not

        return run_exchanging(targets, store, options, others, choice, observer)
    finally:
        recorder.close()


def _new_id(runs: Path) -> str:
    while True:
        run_id = make_run_id(os.urandom(RANDOM_BYTES))
        if not (runs / run_id).exists():
            return run_id


def usual_jobs() -> str:
    """Return how many tasks are to run at once, as the settings say: a number, or `auto`."""
    return load_config().jobs.value


def _words(given: str | Sequence[str]) -> tuple[str, ...]:
    return (given,) if isinstance(given, str) else tuple(given)


def _both(recorder: Recorder, observer: Observer) -> Observer:
    if observer is ignore and not is_notebook():
        return recorder
    shown = NotebookLines() if observer is ignore else observer

    def tell(event: Event, /) -> None:
        recorder(event)
        shown(event)

    return tell


def _describer(
    targets: Sequence[Task], store: Store, options: RunOptions, command: tuple[str, ...]
) -> Callable[[RunStarted], RunHead]:
    """Return what describes a run once it has begun, so that one which never does costs nothing."""

    def describe(event: RunStarted) -> RunHead:
        from stook.app.git_head import find_head
        from stook.storage.urls import redact

        plain_options = {
            name: value
            for name in ("jobs", "keep_going", "force", "only", "upto")
            if (value := getattr(options, name)) != getattr(RunOptions(), name)
        }
        return RunHead(
            id=options.run,
            target=event.target if len(targets) == 1 else ", ".join(map(_name_of, targets)),
            params=_params_of(targets[0]) if len(targets) == 1 else {},
            options=plain_options,
            command=tuple(map(redact, command)),
            user=store.repository.owner,
            host=os.uname().nodename,
            pid=os.getpid(),
            started=time.time_ns() // 1000,
            store=redact(store.repository.url),
            context=store.context,
            commit=find_head(_folder_of(targets[-1])),
        )

    return describe


def _name_of(task: Task) -> str:
    return f"{type(task).__module__}:{type(task).__qualname__}"


def _params_of(task: Task) -> dict[str, object]:
    from stook.format import values
    from stook.pipeline.authoring.parameters import plain
    from stook.pipeline.authoring.tasks import values_of

    return {name: values.to_json(plain(value)) for name, value in values_of(task).items()}


def _folder_of(task: Task) -> Path:
    file = getattr(sys.modules.get(type(task).__module__), "__file__", None)
    return Path(file).resolve().parent if file else Path.cwd()
