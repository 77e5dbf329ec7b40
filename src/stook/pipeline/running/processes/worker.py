"""The program that performs tasks in a process of its own, one after another."""

from __future__ import annotations

import os
import signal
import socket
import sys
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from stook.errors import InputError, StookError, TaskError
from stook.pipeline.authoring.user_code import user_code, user_traceback
from stook.pipeline.finding.importing import importable
from stook.pipeline.finding.locate import locate
from stook.pipeline.running.performing.code_check import CodeCheck, StaleCodeError, changed_meanwhile
from stook.pipeline.running.performing.perform import Performance
from stook.pipeline.running.performing.portable import dump_error, load_error
from stook.pipeline.running.performing.restoring import restoring
from stook.pipeline.running.processes.deaths import OUTSIDE
from stook.pipeline.running.processes.descent import adopt_orphans, die_with
from stook.pipeline.running.processes.errand import Errand, Hello, Shared, put_together
from stook.pipeline.running.processes.own_process import (
    Output,
    flush,
    interrupt,
    is_ending,
    is_spent,
    limit_threads,
    take_signals,
)
from stook.pipeline.running.processes.wire import Channel, pack, unpack
from stook.pipeline.running.scripts import ScriptEnds, import_script, importing
from stook.pipeline.running.work import Asks, Work

if TYPE_CHECKING:
    from pathlib import Path

    from stook.store import Bundle

__all__ = ["main"]


def main(connection: int, output: int, threads: int, parent: int) -> None:
    """Serve a run until it closes the connection or is gone.

    Args:
        connection: Descriptor of the socket on which tasks come.
        output: Descriptor that takes what is printed.
        threads: How many threads libraries may use; 0 for any number.
        parent: The process that has started this one.
    """
    os.setsid()
    if not die_with(parent, signal.SIGKILL):
        os._exit(0)
    adopt_orphans()
    take_signals()
    printed = Output(output)
    limit_threads(threads)
    try:
        _Worker(Channel(socket.socket(fileno=connection)), printed).serve()
    except KeyboardInterrupt:  # by SIGTERM
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        os.kill(os.getpid(), signal.SIGTERM)
    except (BrokenPipeError, ConnectionResetError):
        os._exit(0)
    except BaseException:  # noqa: BLE001 - the end of the process: what it was is in the log of the task
        import traceback

        traceback.print_exc()
        os._exit(OUTSIDE)
    os._exit(0)


class _Worker:
    def __init__(self, channel: Channel, printed: Output) -> None:
        self._channel, self._printed = channel, printed
        hello: Hello | None = channel.receive()
        if hello is None:
            os._exit(0)
        sys.path[:] = hello.path
        sys.argv[:] = hello.argv
        if hello.folder:
            os.chdir(hello.folder)
        self._store = hello.store
        self._script = hello.script
        self._shared: dict[int, Shared] = {}
        self._located: set[type] = set()
        self._code = CodeCheck(hello.store, hello.began)
        channel.send(("up",))

    def serve(self) -> None:
        """Do one errand after another; end after one that has left threads or processes behind."""
        while (errand := self._channel.receive()) is not None:
            with restoring():
                told = self._do(errand)
            flush()
            self._printed.put_back()
            ends = is_spent()
            self._channel.send((*told, ends))
            if ends:
                return

    def _do(self, errand: Errand) -> tuple[object, ...]:
        start = time.perf_counter()
        try:
            bundle = self._perform(errand)
            return "done", pack(bundle, self._store), time.perf_counter() - start
        except StaleCodeError:
            return "stale", None, 0.0
        except StookError as error:
            told = dump_error(error)
        except BaseException as error:
            if isinstance(error, KeyboardInterrupt) and is_ending():
                raise
            told = dump_error(_odd(errand.task, error))
        return "failed", told, time.perf_counter() - start

    def _perform(self, errand: Errand) -> Bundle:
        work = self._unpack(errand)
        self._code.check(work)
        if work.node.traits.timeout is not None:
            self._channel.send(("begins",))
        performance = Performance(self._store, work, lambda: self._check_again(work))
        answer: Sequence[Bundle] | StookError | None = None
        try:
            while isinstance(report := performance.go_on(answer), Asks):
                flush()
                answer = self._ask(report, work.node.place.roots)
        finally:
            performance.close()
        return report

    def _check_again(self, work: Work) -> None:
        """Make sure of what the task has imported while it ran."""
        try:
            self._code.check(work)
        except StaleCodeError:
            raise changed_meanwhile(work) from None

    def _unpack(self, errand: Errand) -> Work:
        try:
            work = self._load(errand)
        except TaskError as error:
            if not isinstance(error.__cause__, ScriptEnds):
                raise
            raise InputError(
                f"{errand.task}: a module that it imports runs a pipeline when it is imported",
                kind="runs-at-import",
                hint='put that below: if __name__ == "__main__":',
            ) from None
        cls = type(work.node.task)
        if cls not in self._located and (here := locate(cls).file) != work.node.place.file:
            raise InputError(
                f"{errand.task} is in {work.node.place.file}, but is imported from {here}",
                kind="module-taken",
                hint="give one of the files another name, or start Python in the workspace",
            )
        self._located.add(cls)
        return work

    def _load(self, errand: Errand) -> Work:
        if errand.shared is not None:
            self._shared[errand.key] = errand.shared
        shared = self._shared[errand.key]
        with (
            importing(),
            importable(shared.place.roots),
            user_code(
                errand.task,
                f"{errand.task} cannot be imported in a process of its own",
                kind="import-failed",
                hint="define it at the top level of its file, above where the pipeline is run",
            ),
        ):
            if errand.is_in_script and self._script is not None:
                import_script(self._script[0])
            return put_together(shared, unpack(errand.work, self._store))

    def _ask(self, asks: Asks, roots: Sequence[Path]) -> Sequence[Bundle] | StookError:
        self._channel.send(("asks", pack(asks, self._store), roots))
        answer = self._channel.receive()
        if answer is None:  # the run is over
            interrupt()
        is_well, told = answer
        if not is_well:
            return load_error(told)
        bundles: Sequence[Bundle] = unpack(told, self._store)
        return bundles


def _odd(task: str, error: BaseException) -> StookError:
    if not isinstance(error, Exception):  # a task that raises KeyboardInterrupt has not been interrupted
        return TaskError(
            f"{task} failed: {type(error).__name__}",
            kind="task-failed",
            hint="mend the task and run again",
            traceback=user_traceback(error),
            task=task,
        )
    import traceback

    trace = "".join(traceback.format_exception(error))
    words = f"{task} failed: {type(error).__name__}: {error}"
    return StookError(words, kind="bug", hint="report it with the traceback", traceback=trace)
