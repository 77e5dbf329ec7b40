"""One task done: its inputs read, its `run` called, its result kept. The same in whatever process it happens."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager, suppress
from itertools import chain
from types import GeneratorType
from typing import TYPE_CHECKING

import msgspec

from stook.errors import CheckError, InputError, StookError, TaskError
from stook.model.lineage import Asked, Lineage
from stook.pipeline.authoring.forms import digest_as_input
from stook.pipeline.authoring.inputs import prepare as prepare_run
from stook.pipeline.authoring.output_files import writing_in
from stook.pipeline.authoring.parameters import plain
from stook.pipeline.authoring.tasks import values_of
from stook.pipeline.authoring.user_code import user_code
from stook.pipeline.deciding.named_files import NamedFiles, find_named, reads_of
from stook.pipeline.finding.importing import importable
from stook.pipeline.finding.specs import dump_task
from stook.pipeline.meeting.at_import import files_read_at_import, merge_reads
from stook.pipeline.meeting.blocks import observed, unobserved
from stook.pipeline.meeting.env import read_at_import
from stook.pipeline.meeting.file_names import FileNames
from stook.pipeline.meeting.observation import Observation
from stook.pipeline.meeting.observing import watching
from stook.pipeline.running.performing.outputs import is_frame, iter_paths, prepare, streams_of
from stook.pipeline.running.performing.place import in_folder, in_this_process
from stook.pipeline.running.performing.questions import flat, shaped
from stook.pipeline.running.performing.task_folders import folders_of, remove_folder, rules_of
from stook.pipeline.running.work import Asks, Work

if TYPE_CHECKING:
    from stook.store import Bundle, Store

__all__ = ["Performance"]

_AGAIN = "mend the task and run again; what had finished is kept"


def _nothing() -> None:
    pass


class Performance:
    """A task under way. It may ask for further tasks, and goes on when it has their bundles.

    Args:
        store: Where the result goes.
        work: What is to be done.
        check: Called when the task has ended, before anything is published; what it raises is raised.
    """

    def __init__(self, store: Store, work: Work, check: Callable[[], None] = _nothing) -> None:
        self._store = store
        self._work = work
        self._check = check
        self._started = _now_micros()
        self._generator: Generator[object, object, object] | None = None
        self._question: object = None
        self._asked: list[Asked] = []
        cache, place = store.repository.cache, work.node.place
        self._files = f"{cache}/tasks/{os.getpid()}-{os.urandom(8).hex()}"
        run = os.path.dirname(os.path.dirname(work.log)) if work.log else ""
        self._observation = Observation(*rules_of(place.roots[0], cache, folders_of(store.repository), run))
        folders = (str(place.roots[0]), str(place.file.parent)) if work.names else ()
        self._names = FileNames(work.names, folders)
        self._named = NamedFiles()

    def go_on(self, answer: Sequence[Bundle] | StookError | None) -> Asks | Bundle:
        """Begin, or go on with what was asked for; return the next question, or the bundle, which is durable then.

        Raises:
            TaskError: The task raised, or what it returned cannot be kept. There is no bundle.
            InputError, MissingExtraError: The task raised one.
            CheckError: What it returned does not pass its checks, or it raised one.
        """
        roots = self._work.node.place.roots
        with importable(roots), in_folder(roots[0]), writing_in(self._files), watching(self._observation):
            with self._user_code():
                asks, value = self._advance(answer)
            if asks is not None:
                return asks
            with unobserved():
                try:
                    return self._keep(value)
                finally:
                    self._remove_files()

    def close(self) -> None:
        """Let go of a task that has asked and gets no answer."""
        roots, generator = self._work.node.place.roots, self._generator
        if generator is not None:
            with (
                suppress(StookError),  # it spoils nothing now
                importable(roots),
                in_folder(roots[0]),
                writing_in(self._files),
                self._user_code(),
            ):
                generator.close()
        self._remove_files()

    def _remove_files(self) -> None:
        if os.access(self._files, os.F_OK):  # most tasks write none
            remove_folder(self._files)

    @contextmanager
    def _user_code(self) -> Iterator[None]:
        """Make the block in which the user's code runs, which is watched."""
        task = self._work.node.task_id
        with (
            user_code(task, f"{task} failed", kind="task-failed", hint=_AGAIN),
            in_this_process(),
            observed(),
        ):
            yield

    def _advance(self, answer: Sequence[Bundle] | StookError | None) -> tuple[Asks | None, object]:
        if self._generator is None:
            value = self._begin()
            if not isinstance(value, GeneratorType):
                return None, value
            self._generator = value
        try:
            if isinstance(answer, StookError):
                self._question = self._generator.throw(answer)
            else:
                self._note_answers(answer)
                self._question = self._generator.send(shaped(self._question, answer))
        except StopIteration as stop:
            self._generator = None
            return None, stop.value
        if is_frame(self._question):
            rest, self._generator = self._generator, None
            return None, chain([self._question], rest)
        return Asks(self._work.number, tuple(flat(self._question))), None

    def _begin(self) -> object:
        node = self._work.node
        bundles = {role: given.bundle for role, given in self._work.inputs.items()}
        with unobserved():
            self._named = find_named(node, self._names)
            for path in self._named.declared.values():
                self._observation.note(path)
            for path in self._named.found.values():
                self._observation.expect(path)
            run = prepare_run(node.task, node.requirements, bundles, folder=self._files)
        return run()

    def _note_answers(self, answer: Sequence[Bundle] | None) -> None:
        if answer is None:
            return
        for task, bundle in zip(flat(self._question), answer, strict=True):
            self._asked.append(Asked(dump_task(task), bundle.name, bundle.id, digest_as_input(bundle)))

    def _keep(self, value: object) -> Bundle:
        node, work = self._work.node, self._work
        params = {name: plain(value) for name, value in values_of(node.task).items()}
        refusing = _Refusing(node.task_id)
        with refusing:
            data = prepare(value, self._files, self._user_code)
            self._note_paths(data)
        with self._store.draft(
            node.name, params=params, tags=node.traits.tags, lineage=work.lineage, code=work.code
        ) as draft:
            with refusing:
                if node.traits.checks:
                    self._set_checked(draft.set, data)
                else:
                    draft.set(streams_of(data))
            draft.replace_lineage(self._lineage())
            self._check()
        return draft.bundle

    def _set_checked(self, keep: Callable[[object], None], data: object) -> None:
        from stook.frames.checks import watch, write_rejected

        with self._user_code():
            watched = watch(self._work.node.traits.checks, data, calling=self._user_code)
        keep(streams_of(watched.value))
        with self._user_code():
            failures = watched.failures()
        if not failures:
            return
        folder = self._work.rejected
        task = self._work.node.task_id
        rejected = write_rejected(failures, folder / str(self._work.number)) if folder else []
        raise CheckError(
            f"{task}: {'; '.join(failure.message for failure in failures)}",
            kind="check-failed",
            hint=f"see the rows in {rejected[0].parent}" if rejected else "mend the data, or the check",
            task=task,
            failures=[failure.message for failure in failures],
            rejected=[str(path) for path in rejected],
        )

    def _note_paths(self, data: object) -> None:
        """Take files for read that the task hands on as they are, having made none of them itself."""
        for path in iter_paths(data):
            self._observation.note(os.path.abspath(path))

    def _lineage(self) -> Lineage:
        made, node = self._work.lineage, self._work.node
        after = find_named(node, self._names, lacking_none=False)
        return msgspec.structs.replace(
            made,
            started=self._started,
            ended=_now_micros(),
            reads=merge_reads(
                reads_of(self._observation, self._named, after),
                files_read_at_import(made.code, with_functions=True),
            ),
            env={**made.env, **read_at_import(made.code, with_functions=True), **self._observation.env},
            asked=tuple(self._asked),
            spec=made.spec or dump_task(node.task),
        )


class _Refusing(msgspec.Struct, frozen=True):
    """Says of data that the store refuses within the block that it is a task's."""

    task: str

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, InputError) and "traceback" not in error.facts:  # else it is the user's own
            raise TaskError(
                f"{self.task}: what it returned cannot be kept: {error.message}",
                kind="bad-output",
                hint=error.hint,
                task=self.task,
            ) from error


def _now_micros() -> int:
    return int(time.time() * 1e6)
