"""Run tasks as people do: with a record of the run, beside other runs, and as the settings say."""

from __future__ import annotations

import os
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from stook.app.exchange_choice import ExchangeChoice, choose_exchange
from stook.app.notebook_lines import NotebookLines, is_notebook
from stook.app.run_records import Recorder, runs_folder
from stook.app.run_records.describing import describe_run
from stook.config import load_config
from stook.model.events import Event, Observer, ignore
from stook.model.run_names import RANDOM_BYTES, make_run_id
from stook.pipeline import Others, RunOptions, RunResult, Task, count_jobs
from stook.pipeline import run as run_graph
from stook.pipeline.authoring.asked import tasks_asked_for
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
    config, store = load_config(), store or open_store()
    choice = choose_exchange(store, config, only_missing=only_missing, pull=pull, push=push, remote=remote)
    folder = _new_folder(runs_folder(store))
    options = RunOptions(
        jobs=count_jobs(config.jobs.value if jobs is None else jobs),
        keep_going=keep_going,
        force=_words(force),
        only=_words(only),
        upto=_words(upto),
        run=folder.name,
        folder=folder,
        keep_code=config.keeps_code,
    )
    targets = tasks_asked_for(task)
    recorder = Recorder(folder, partial(describe_run, targets, store, options, tuple(command)))
    try:
        leases = FolderLeases(store.repository.cache / "leases", options.run)
        others = Others(_all_of(recorder, *_shown(observer, choice)), leases)
        return _run(targets, store, options, others, choice)
    finally:
        recorder.close()


def usual_jobs() -> str:
    """Return how many tasks are to run at once, as the settings say: a number, or `auto`."""
    return load_config().jobs.value


def _run(
    targets: Sequence[Task], store: Store, options: RunOptions, others: Others, choice: ExchangeChoice
) -> RunResult:
    if choice.is_nothing:
        return run_graph(targets, store=store, options=options, others=others)
    from stook.app.exchanging import run_exchanging  # which most runs need not

    return run_exchanging(targets, store, options, others, choice)


def _new_folder(runs: Path) -> Path:
    while (folder := runs / make_run_id(os.urandom(RANDOM_BYTES))).exists():
        pass
    return folder


def _words(given: str | Sequence[str]) -> tuple[str, ...]:
    return (given,) if isinstance(given, str) else tuple(given)


def _shown(observer: Observer, choice: ExchangeChoice) -> list[Observer]:
    """Return who shows what happens: where nobody was named, a notebook has lines, and failures are warnings."""
    if observer is not ignore:
        return [observer]
    found: list[Observer] = [NotebookLines()] if is_notebook() else []
    if not choice.is_nothing:
        from stook.app.exchanging import warn_of_failures

        found.append(warn_of_failures)
    return found


def _all_of(*observers: Observer) -> Observer:
    if len(observers) == 1:
        return observers[0]

    def tell(event: Event, /) -> None:
        for observer in observers:
            observer(event)

    return tell
