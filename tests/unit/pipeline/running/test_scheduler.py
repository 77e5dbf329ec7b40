"""How a run goes: what is begun, tried again, skipped, asked for, and how it ends."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from stook.errors import InputError, NotFoundError, StookError, TaskError
from stook.model.events import (
    Event,
    RunEnded,
    RunStarted,
    TaskAdded,
    TaskFailed,
    TaskFinished,
    TaskSkipped,
    TaskStarted,
)
from stook.pipeline import Others, RunOptions, RunResult, load_task, run
from stook.pipeline.running.leases import FolderLeases
from tests.integration.pipeline_project import Project

PIPELINE = """
    import pathlib
    import stook

    HERE = pathlib.Path(__file__).parent


    def count(name):
        with (HERE / f"{name}.count").open("a") as file:
            file.write("x")


    class Good(stook.Task):
        def run(self):
            return 1


    class Bad(stook.Task):
        def run(self):
            raise ValueError("no")


    class BelowBad(stook.Task):
        def requires(self):
            return Bad()

        def run(self, bad):
            return 2


    class BelowGood(stook.Task):
        scale: int = 1

        def requires(self):
            return Good()

        def run(self, good):
            return good.data + self.scale


    class All(stook.Task):
        def requires(self):
            return {"below_bad": BelowBad(), "below_good": BelowGood()}

        def run(self, below_bad, below_good):
            return 3


    class Shaky(stook.Task):
        retries = 2
        backoff = 0.01
        good_after: int = 2

        def run(self):
            count("shaky")
            if len((HERE / "shaky.count").read_text()) <= self.good_after:
                raise ValueError("not yet")
            return 1


    class Mistaken(stook.Task):
        retries = 5

        def run(self):
            count("mistaken")
            raise stook.errors.InputError("wrong", kind="wrong-config", hint="mend the config")


    class Stopped(stook.Task):
        def requires(self):
            return Good()

        def run(self, good):
            raise KeyboardInterrupt


    class Square(stook.Task):
        of: int

        def run(self):
            count("square")
            return self.of ** 2


    class Asker(stook.Task):
        numbers: list[int] = [1, 2]

        def run(self):
            squares = yield [Square(of=number) for number in self.numbers]
            last = yield Square(of=sum(square.data for square in squares))
            return last.data


    class AsksForBad(stook.Task):
        def run(self):
            yield Bad()


    class Copes(stook.Task):
        def run(self):
            try:
                yield Bad()
            except stook.errors.StookError as error:
                return error.kind


    class Deep(stook.Task):
        level: int = 0

        def run(self):
            if self.level == 100:
                return 0
            below = yield Deep(level=self.level + 1)
            return below.data + 1


    class Itself(stook.Task):
        def run(self):
            yield Itself()


    class Ring(stook.Task):
        at: int = 0

        def run(self):
            yield Ring(at=(self.at + 1) % 3)


    class NeedsAskerOfIt(stook.Task):
        def requires(self):
            return AsksForWhatNeedsIt()

        def run(self, asker):
            return 1


    class AsksForWhatNeedsIt(stook.Task):
        def run(self):
            try:
                yield NeedsAskerOfIt()
            except stook.errors.InputError as error:
                return error.kind


    class Many(stook.Task):
        def requires(self):
            return [SharedAsker(number=number) for number in range(20)]

        def run(self, *askers):
            return sum(asker.data for asker in askers)


    class SharedAsker(stook.Task):
        number: int

        def run(self):
            square = yield Square(of=3)
            return square.data + self.number


    class Lost(stook.Task):
        def requires(self):
            return stook.source("no-such-file", name="lost_file")

        def run(self, lost):
            return 1


    class AsksForLost(stook.Task):
        def run(self):
            try:
                yield Lost()
            except stook.errors.NotFoundError as error:
                first = error.kind
            try:
                yield Lost()
            except stook.errors.NotFoundError as error:
                return [first, error.kind]
    """


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    """Tasks that go well, and some that do not."""
    project = Project(tmp_path)
    project.write({"pipeline.py": PIPELINE})
    yield project
    project.forget()


@pytest.fixture
def events() -> list[Event]:
    """What a run told."""
    return []


def work_off(project: Project, events: list[Event], *targets: str, **options: object) -> RunResult:
    """Run tasks as a new process would; leases are held."""
    project.forget()
    tasks = [load_task(f"pipeline.py:{target}", folder=project.folder)() for target in targets]
    leases = FolderLeases(project.folder / "leases", "this-run")
    events.clear()
    others = Others(events.append, leases)
    return run(tasks, store=project.store, options=RunOptions(**options), others=others)


def told(events: list[Event]) -> list[tuple[str, str]]:
    """Return what became of tasks, in order."""
    words = {TaskStarted: "started", TaskFinished: "finished", TaskFailed: "failed", TaskSkipped: "skipped"}
    return [(words[type(e)], e.name) for e in events if isinstance(e, tuple(words))]  # type: ignore[union-attr]


def decisions(result: RunResult) -> dict[str, str]:
    """Return what came of each name."""
    return {step.name: step.decision for step in result.steps}


def times(project: Project, name: str) -> int:
    """Return how often something was counted."""
    file = project.folder / f"{name}.count"
    return len(file.read_text()) if file.exists() else 0


def test_a_run_that_fails_stops(project: Project, events: list[Event]) -> None:
    """After a failure nothing more begins; what needs what failed is skipped, and what had finished is kept."""
    with pytest.raises(TaskError, match="pipeline:Bad failed: ValueError: no"):
        work_off(project, events, "All")
    assert told(events) == [
        ("started", "bad"),
        ("failed", "bad"),
        ("skipped", "below_bad"),
        ("skipped", "all"),
    ]
    assert isinstance(events[-1], RunEnded)
    assert events[-1].outcome == "failed"


def test_keep_going_does_what_does_not_need_the_failed(project: Project, events: list[Event]) -> None:
    """With keep_going the rest is done, and the run fails by the first error all the same."""
    with pytest.raises(TaskError, match="pipeline:Bad failed"):
        work_off(project, events, "All", keep_going=True)
    assert Counter(told(events)) == Counter(
        [
            ("started", "bad"),
            ("failed", "bad"),
            ("skipped", "below_bad"),
            ("started", "good"),
            ("finished", "good"),
            ("started", "below_good"),
            ("finished", "below_good"),
            ("skipped", "all"),
        ]
    )
    skipped = {event.name: event.because for event in events if isinstance(event, TaskSkipped)}
    assert skipped == {"below_bad": "pipeline:Bad", "all": "pipeline:Bad"}


def test_force_runs_what_is_named_and_no_more(project: Project, events: list[Event]) -> None:
    """A forced task runs; what needs it is reused where its result is the same."""
    work_off(project, events, "BelowGood")
    result = work_off(project, events, "BelowGood", force=("go?d",))
    assert decisions(result) == {"good": "ran", "below_good": "reused"}
    assert result.steps[0].because == ("forced",)


def test_only_takes_the_rest_as_it_is(project: Project, events: list[Event]) -> None:
    """With only, what is required is taken as it was made last, whatever its code is now."""
    first = work_off(project, events, "BelowGood")
    project.replace(
        "pipeline.py", "return 1\n\n\n    class Bad".replace("    ", ""), "return 5\n\n\nclass Bad"
    )
    project.replace("pipeline.py", "good.data + self.scale", "good.data * 10")
    result = work_off(project, events, "BelowGood", only=("BelowGood",))
    assert decisions(result) == {"good": "reused", "below_good": "ran"}
    assert result.steps[0].bundle == first.steps[0].bundle
    assert result.bundle.data == 10


def test_only_does_not_look_further_than_it_must(project: Project, events: list[Event]) -> None:
    """What is neither to run nor directly required need not be there."""
    work_off(project, events, "BelowGood")
    project.store.rm(*project.store.versions("good"), force=True)
    project.replace(
        "pipeline.py",
        "class Shaky",
        "class Top(stook.Task):\n    def requires(self):\n        "
        "return BelowGood()\n\n    def run(self, below):\n        return below.data\n\n\nclass Shaky",
    )
    assert decisions(work_off(project, events, "Top", only=("top",))) == {
        "below_good": "reused",
        "top": "ran",
    }


def test_only_refuses_what_was_never_made_so(project: Project, events: list[Event]) -> None:
    """A result of other parameters does not stand in for one that was never made."""
    work_off(project, events, "BelowGood")
    project.replace("pipeline.py", '"below_good": BelowGood()', '"below_good": BelowGood(scale=7)')
    project.replace("pipeline.py", '"below_bad": BelowBad(), ', "")
    project.replace("pipeline.py", "def run(self, below_bad, below_good)", "def run(self, below_good)")
    with pytest.raises(NotFoundError, match=r"BelowGood\(scale=7\) is needed and was never made"):
        work_off(project, events, "All", only=("all",))


def test_upto_stops_there(project: Project, events: list[Event]) -> None:
    """With upto, what is named is brought up to date, with what that requires."""
    result = work_off(project, events, "All", upto=("below_good",))
    assert decisions(result) == {"good": "ran", "below_good": "ran"}
    assert result.bundle.name == "below_good"


def test_only_makes_what_is_named_the_target(project: Project, events: list[Event]) -> None:
    """Where only something below the target is to run, the target is left as it is."""
    result = work_off(project, events, "All", only=("good",))
    assert decisions(result) == {"good": "ran"}
    assert result.bundle.name == "good"


@pytest.mark.parametrize("option", ["force", "only", "upto"])
def test_a_name_that_fits_nothing_is_refused(project: Project, events: list[Event], option: str) -> None:
    """Options that name no task of the graph stop the run before anything runs."""
    with pytest.raises(NotFoundError, match=r"no task of .* is called belowgood") as caught:
        work_off(project, events, "BelowGood", **{option: ("belowgood",)})
    assert caught.value.hint == "did you mean below_good?"
    assert told(events) == []


def test_retries_wait_longer_each_time(project: Project, events: list[Event]) -> None:
    """A task is tried again as often as it says, after its back-off, doubled each time."""
    result = work_off(project, events, "Shaky")
    assert result.decision == "ran"
    assert [event.retry_in for event in events if isinstance(event, TaskFailed)] == [0.01, 0.02]
    assert [event.attempt for event in events if isinstance(event, TaskStarted)] == [1, 2, 3]


def test_retries_come_to_an_end(project: Project, events: list[Event]) -> None:
    """A task that fails more often than it may has failed."""
    project.replace("pipeline.py", "good_after: int = 2", "good_after: int = 9")
    with pytest.raises(TaskError, match="not yet"):
        work_off(project, events, "Shaky")
    assert times(project, "shaky") == 3
    assert [event.retry_in for event in events if isinstance(event, TaskFailed)] == [0.01, 0.02, None]


def test_a_wrong_input_is_not_tried_again(project: Project, events: list[Event]) -> None:
    """What the caller must mend does not get better by waiting; the error stays what it is."""
    with pytest.raises(InputError, match="wrong") as caught:
        work_off(project, events, "Mistaken")
    assert caught.value.kind == "wrong-config"
    assert times(project, "mistaken") == 1


def test_an_interrupt_ends_the_run_in_order(project: Project, events: list[Event]) -> None:
    """Ctrl-C passes; the end is told, no lease is left, and what had finished is kept."""
    with pytest.raises(KeyboardInterrupt):
        work_off(project, events, "Stopped")
    assert isinstance(events[-1], RunEnded)
    assert events[-1].outcome == "interrupted"
    assert list((project.folder / "leases").iterdir()) == []
    assert [bundle.name for bundle in project.store.ls()] == ["good"]


def test_an_observer_that_stops_the_run_leaves_no_lease(project: Project) -> None:
    """Wherever a run is broken off, its leases are given back."""

    def stop_at(kind: type[Event]) -> None:
        def observe(event: Event, /) -> None:
            if isinstance(event, kind):
                raise KeyboardInterrupt

        leases = FolderLeases(project.folder / "leases", "this-run")
        task = load_task("pipeline.py:BelowGood", folder=project.folder)()
        with pytest.raises(KeyboardInterrupt):
            run(task, store=project.store, others=Others(observe, leases))
        folder = project.folder / "leases"
        assert not folder.exists() or list(folder.iterdir()) == []

    for kind in (RunStarted, TaskAdded, TaskStarted, TaskFinished, RunEnded):
        stop_at(kind)
    task = load_task("pipeline.py:BelowGood", folder=project.folder)()
    assert run(task, store=project.store).bundle.data == 2


def test_several_targets(project: Project, events: list[Event]) -> None:
    """Tasks asked for together are one run; what they share is made once, and the last one is the result's own."""
    result = work_off(project, events, "Good", "BelowGood", "Good")
    assert decisions(result) == {"good": "ran", "below_good": "ran"}
    assert [event.tasks for event in events if isinstance(event, RunStarted)] == [2]
    with pytest.raises(InputError, match="no task to run"):
        work_off(project, events)


def test_tasks_are_told_before_they_begin(project: Project, events: list[Event]) -> None:
    """A run is told first, then each task with those that it requires, then what becomes of them."""
    work_off(project, events, "BelowGood")
    added = [(event.number, event.name, event.requires) for event in events if isinstance(event, TaskAdded)]
    assert added == [(0, "good", ()), (1, "below_good", (0,))]
    assert [type(event) for event in events[:3]] == [RunStarted, TaskAdded, TaskAdded]
    assert isinstance(events[-1], RunEnded)


def test_what_a_task_asks_for_is_made(project: Project, events: list[Event]) -> None:
    """A task that yields others goes on with their bundles, in the shape in which it asked."""
    assert work_off(project, events, "Asker").bundle.data == 25
    assert times(project, "square") == 3


def test_what_many_ask_for_is_made_once(project: Project, events: list[Event]) -> None:
    """Tasks that ask for the same share it."""
    assert work_off(project, events, "Many").bundle.data == 20 * 9 + sum(range(20))
    assert times(project, "square") == 1


def test_asking_goes_deep(project: Project, events: list[Event]) -> None:
    """A hundred tasks may wait for each other's answers with room for one."""
    assert work_off(project, events, "Deep").bundle.data == 100


def test_what_was_asked_for_fails(project: Project, events: list[Event]) -> None:
    """The failure is thrown where it was asked for: a task that does not cope with it fails by it."""
    with pytest.raises(TaskError, match=r"pipeline:AsksForBad failed: .*pipeline:Bad failed: ValueError: no"):
        work_off(project, events, "AsksForBad")
    assert told(events)[-1] == ("failed", "asks_for_bad")


def test_a_task_copes_with_a_failure(project: Project, events: list[Event]) -> None:
    """The run does not fail by what nobody needs."""
    result = work_off(project, events, "Copes")
    assert result.bundle.data == "task-failed"
    assert events[-1] == RunEnded("ok", events[-1].seconds)  # type: ignore[union-attr]


@pytest.mark.parametrize("target", ["Itself", "Ring"])
def test_asking_in_a_circle_is_an_error(project: Project, events: list[Event], target: str) -> None:
    """Tasks that ask for each other do not wait for ever: the one that closes the circle is told."""
    with pytest.raises(StookError, match=f"wait for each other in a circle: {target}.* → {target}"):
        work_off(project, events, target)


def test_asking_for_what_needs_it_is_an_error(project: Project, events: list[Event]) -> None:
    """A task that asks for one that requires it is told so, and may cope with it."""
    assert work_off(project, events, "NeedsAskerOfIt").bundle.data == 1
    assert project.store.get("asks_for_what_needs_it").data == "cycle"


def test_asking_for_what_cannot_be_had(project: Project, events: list[Event]) -> None:
    """A graph that is wrong is told to whoever asked for it, as often as it asks."""
    assert work_off(project, events, "AsksForLost").bundle.data == ["source-not-found"] * 2
