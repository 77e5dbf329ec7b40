"""Luigi's tasks with bundles as outputs, and Luigi's tasks that Stook's require."""

from __future__ import annotations

import importlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import luigi
import pytest

import stook
from stook.errors import InputError, NotFoundError, TaskError
from stook.ext.luigi import BundleTarget, luigi_task
from stook.ext.luigi.code import code_of

SHOP = '''
import luigi
from pathlib import Path

import prices
import stook
from stook.ext.luigi import BundleTarget, BundleTask, luigi_task


def note(word):
    with open("ran.txt", "a") as file:
        file.write(word + "\\n")


class Raw(luigi.ExternalTask):
    def output(self):
        return luigi.LocalTarget("raw.txt")


class Clean(luigi.Task):
    """An existing task: only its output has changed."""

    least = luigi.IntParameter(default=2)
    colour = luigi.Parameter(default="red", significant=False)

    def requires(self):
        return Raw()

    def output(self):
        return BundleTarget(self, file="clean.txt")

    def run(self):
        note("Clean")
        with self.input().open() as lines, self.output().open("w") as out:
            for line in lines:
                if int(line) >= self.least:
                    out.write(line)


class Both(luigi.WrapperTask):
    least = luigi.IntParameter(default=2)

    def requires(self):
        return {"clean": Clean(least=self.least)}


class Total(BundleTask):
    bundle_name = "shop.total"
    least = luigi.IntParameter(default=2)

    def requires(self):
        return [Both(least=self.least), Clean(least=self.least)]

    def run(self):
        note("Total")
        with self.input()[1].open() as lines:
            self.output().write({"total": sum(prices.price(int(line)) for line in lines)})


class Plain(luigi.Task):
    n = luigi.IntParameter()

    def output(self):
        return {"n": luigi.LocalTarget(f"plain-{self.n}.txt"), "more": [luigi.LocalTarget("raw.txt")]}

    def run(self):
        note("Plain")
        if self.n < 0:
            raise ValueError("less than nothing")
        with self.output()["n"].open("w") as file:
            file.write(str(self.n))


class Report(stook.Task):
    n: int = 3

    def requires(self):
        return {"plain": luigi_task(Plain(n=self.n)), "total": luigi_task(Total())}

    def run(self, plain, total):
        return f"{plain.path('n').read_text()} {total.data['total']}"
'''
PRICES = "def price(n):\n    return 10 * n\n"
MODULES = ("shop", "prices", "plugin")


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """The pipeline, imported in the folder where it is."""
    (tmp_path / "shop.py").write_text(SHOP)
    (tmp_path / "prices.py").write_text(PRICES)
    (tmp_path / "raw.txt").write_text("1\n2\n3\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    yield importlib.import_module("shop")
    for name in MODULES:
        sys.modules.pop(name, None)


def built(options: str = "", workers: int = 1) -> list[str]:
    """Let Luigi build the total in a process of its own; return the tasks that ran."""
    Path("ran.txt").write_text("")
    script = (
        "import luigi, shop\n"
        f"r = luigi.build([shop.Total({options})], local_scheduler=True, workers={workers}, detailed_summary=True)\n"
        "raise SystemExit(r.status is not luigi.LuigiStatusCode.SUCCESS)"
    )
    environment = {**os.environ, "PYTHONPATH": "."}
    done = subprocess.run(
        [sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return Path("ran.txt").read_text().split()


def edit(file: str, old: str, new: str) -> None:
    """Change the text of a file that has it."""
    path = Path(file)
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new))


@pytest.mark.parametrize("workers", [1, pytest.param(2, marks=pytest.mark.full)])
@pytest.mark.usefixtures("shop")
def test_tasks_are_done_again_when_what_they_depend_on_differs(workers: int) -> None:
    """Code at any distance, parameters and content of inputs count; comments, times and going back do not."""
    assert built(workers=workers) == ["Clean", "Total"]
    assert built(workers=workers) == []
    edit("shop.py", "An existing task", "# A task")
    os.utime("raw.txt", (1, 1))
    assert built(workers=workers) == []
    edit("prices.py", "10 * n", "11 * n")
    assert built(workers=workers) == ["Total"]
    Path("raw.txt").write_text("0\n2\n3\n")
    assert built(workers=workers) == ["Clean"], "what it makes is the same, and there it stops"
    assert built("least=3", workers) == ["Clean", "Total"]
    Path("raw.txt").write_text("1\n2\n3\n")
    assert built(workers=workers) == [], "what was made before is found again"
    assert stook.open().get("shop.total").data == {"total": 33}
    assert [bundle.data["total"] for bundle in stook.open().versions("shop.total")] == [33, 55, 50]


def test_a_bundle_says_what_it_was_made_from(shop: ModuleType) -> None:
    """Its lineage has the code, the parameters, the bundles and the files; the target gives its data and its file."""
    assert luigi.build([shop.Total()], local_scheduler=True)
    clean, total = stook.open().get("clean"), stook.open().get("shop.total")
    assert (clean.lineage.task, clean.params, clean.lineage.sources) == (
        "shop:Clean",
        {"least": "2"},
        ("raw.txt",),
    )
    assert {(used.role, used.id) for used in total.inputs} == {("0.clean", clean.id), ("1", clean.id)}
    assert {"shop:Total", "prices:price"} < set(total.lineage.code)
    assert (shop.Total().output().data, shop.Total().output().bundle) == ({"total": 50}, total)
    assert Path(shop.Clean().output().path).read_text() == "2\n3\n"


def test_the_order_of_keys_in_an_input_counts(shop: ModuleType) -> None:
    """A task that goes through a dict may make something else of the same in another order, so it is done again."""
    clean, total = shop.Clean().output(), shop.Total().output()
    first = clean.write({"b": 1, "a": 2})
    total.write({"total": 1})
    assert total.exists()
    second = clean.write({"a": 2, "b": 1})
    assert (second.digest, second.fingerprint) == (first.digest, first.fingerprint)
    assert not total.exists()


def test_insignificant_parameters_do_not_count(shop: ModuleType) -> None:
    """What Luigi does not tell tasks apart by, no bundle is told apart by."""
    assert luigi.build([shop.Clean()], local_scheduler=True)
    assert shop.Clean(colour="blue").complete()


@pytest.mark.usefixtures("shop")
def test_a_task_that_fails_keeps_nothing(shop: ModuleType) -> None:
    """A file that was not written to its end, or a block that raised, is no bundle."""
    target = shop.Clean().output()
    with pytest.raises(ZeroDivisionError), target.open("w") as file:
        file.write(str(1 / 0))
    with pytest.raises(ZeroDivisionError), target.temporary_path() as path:
        Path(path).write_text(str(1 / 0))
    assert not target.exists()
    with pytest.raises(NotFoundError, match="there is no bundle clean of Clean"):
        target.open()
    with target.temporary_path() as path:
        Path(path).mkdir()
        (Path(path) / "a.txt").write_text("a")
    assert (Path(target.path) / "a.txt").read_text() == "a"


def test_nothing_is_there_while_an_input_is_missing(shop: ModuleType) -> None:
    """Without its input a task is not complete, and cannot write."""
    Path("raw.txt").unlink()
    assert not shop.Total().complete()
    with pytest.raises(InputError, match="what it requires is not there"):
        shop.Clean().output().write(1)


def test_what_cannot_be_seen_is_refused(shop: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    """An input whose content nobody can read would change unnoticed, and so is an error."""

    class Marker(luigi.Target):
        def exists(self) -> bool:
            return True

    monkeypatch.setattr(shop.Raw, "output", lambda self: Marker())
    with pytest.raises(InputError, match="the content of 0, a Marker, cannot be seen"):
        shop.Clean().complete()


def test_long_chains_and_diamonds_are_decided_at_once(
    shop: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each task is looked at once, however many require it, and no stack is too short."""

    class Step(luigi.Task):
        n = luigi.IntParameter()

        def requires(self) -> list[luigi.Task]:
            return [Step(n=self.n - 1), Step(n=self.n - 1)] if self.n else [shop.Raw()]

        def output(self) -> BundleTarget:
            return BundleTarget(self)

    Step.__module__, Step.__qualname__ = "shop", "Clean"  # where its code can be seen
    assert not Step(n=2000).complete()


def test_a_circle_is_an_error(shop: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    """Tasks that require each other are told, rather than gone through for ever."""
    monkeypatch.setattr(shop.Clean, "requires", lambda self: shop.Clean(least=1 - self.least))
    with pytest.raises(InputError, match="requires itself"):
        shop.Clean(least=1).complete()


def test_code_is_read_anew_when_a_file_changes(shop: ModuleType) -> None:
    """In a process that goes on, an edit of any file that is imported is seen, whichever the task has used so far."""
    Path("plugin.py").write_text("")
    importlib.import_module("plugin")
    first = code_of(shop.Total).closure
    assert code_of(shop.Total).closure is first
    edit("prices.py", "10 * n", "1000 * n")
    second = code_of(shop.Total).closure
    assert second.digest != first.digest
    Path("plugin.py").write_text("# a longer file\n")
    assert code_of(shop.Total).closure is not second


def test_a_stook_task_requires_what_luigi_makes(shop: ModuleType) -> None:
    """Luigi builds what is missing, its files are kept as a bundle, and only content decides about what is below."""
    result = stook.run(shop.Report())
    assert result.bundle.data == "3 50"
    assert set(stook.open().get("luigi.plain").keys()) == {"n", "more"}
    again = stook.run(shop.Report())
    assert (again.decision, Path("ran.txt").read_text().split().count("Plain")) == ("reused", 1)
    Path("plain-3.txt").write_text("three")
    assert stook.run(shop.Report()).bundle.data == "three 50"
    assert stook.run(shop.Report(n=4)).bundle.data == "4 50"


def test_a_failure_of_luigi_is_one_of_the_task(shop: ModuleType) -> None:
    """Where Luigi could not finish, there is no bundle, and the error names the Luigi task."""
    with pytest.raises(TaskError, match=r"Luigi did not finish Plain\(n=-1\)"):
        stook.run(luigi_task(shop.Plain(n=-1)))
    assert stook.open().find("luigi.plain") is None


def test_the_extra_is_named_where_luigi_is_missing() -> None:
    """Without Luigi the import says what to install."""
    script = (
        "import sys; sys.modules['luigi'] = None\n"
        "from stook.errors import MissingExtraError\n"
        "try:\n    import stook.ext.luigi\nexcept MissingExtraError as error:\n    print(error.hint)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "pip install 'stook[luigi]'\n"


def test_a_file_beside_a_bundle_has_to_be_there_too(
    shop: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where a task has outputs of both kinds, what requires it waits for the file as well."""
    assert luigi.build([shop.Clean()], local_scheduler=True)
    outputs = lambda self: [BundleTarget(self), luigi.LocalTarget("more.txt")]  # noqa: E731
    monkeypatch.setattr(shop.Clean, "output", outputs)
    total = shop.Total().output()
    assert not total.exists()
    with pytest.raises(InputError, match="what it requires is not there"):
        total.write(1)
    Path("more.txt").write_text("more")
    total.write(1)
    assert total.exists()
