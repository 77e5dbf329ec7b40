"""Runs of several people who share results: other folders, users and machines, through a folder and through S3."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from stook.testing import FaultProxy
from tests.servers.moto_s3 import S3Bucket

PIPELINE = '''
import stook
from pathlib import Path
from helpers import scaled

class Day(stook.Task):
    """Reads a file by itself."""
    day: int

    def run(self):
        rate = int(Path("rates.csv").read_text())
        return [scaled(self.day, rate)] * 3_000

class Table(stook.Task):
    def run(self):
        import pyarrow as pa
        return {"rows": pa.table({"day": [1, 1, 2], "x": [1.0, 2.0, 3.0]}), "note": "three"}

class Part(stook.Task):
    part: stook.Partition

    def run(self, part):
        return float(part["x"].to_pylist()[0])

class Note(stook.Task):
    def requires(self):
        return Table()["note"]

    def run(self, note):
        return f"{note} {stook.env('SHOP', 'north')}"

class Asking(stook.Task):
    def run(self):
        days = yield [Day(day=number) for number in range(3)]
        return sum(day.data[0] for day in days)

class Report(stook.Task):
    def requires(self):
        return {
            "asking": Asking(),
            "note": Note(),
            "parts": Part.map(part=stook.partitions(Table()["rows"], by="day")),
        }

    def run(self, asking, note, parts):
        return f"{asking.data} {note.data} {sum(part.data for part in parts)}"
'''
FAN = """
import stook

class Leaf(stook.Task):
    number: int

    def run(self):
        return [self.number] * 3_000

class Fan(stook.Task):
    width: int = 1_000

    def requires(self):
        return [Leaf(number=number) for number in range(self.width)]

    def run(self, *leaves):
        return len(leaves)

class Slow(stook.Task):
    number: int
    until: str

    def run(self):
        from os.path import exists
        import time
        while self.number == 5 and not exists(self.until):
            time.sleep(0.01)
        return [self.number] * 3_000

class Slowly(stook.Task):
    until: str

    def requires(self):
        return [Slow(number=number, until=self.until) for number in range(6)]

    def run(self, *slow):
        return len(slow)
"""


@dataclass(frozen=True)
class Person:
    """Somebody with a workspace of their own, on a machine of their own.

    Attributes:
        folder: The workspace.
        environment: Of their shell.
    """

    folder: Path
    environment: dict[str, str] = field(default_factory=dict)

    def begin(self, *words: str) -> subprocess.Popen[str]:
        """Begin a command."""
        return subprocess.Popen(
            [str(Path(sys.executable).with_name("stook")), *words],
            cwd=self.folder,
            env={**os.environ, **self.environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def stook(self, *words: str, exits: int = 0) -> tuple[str, str]:
        """Run a command; return what it prints and what it says."""
        process = self.begin(*words)
        out, err = process.communicate(timeout=300)
        assert process.returncode == exits, err
        return out, err

    def run(self, target: str, *words: str, exits: int = 0) -> tuple[dict[str, list[str]], str]:
        """Run a task; return what was decided of each name, and what was said."""
        out, err = self.stook("run", target, "--json", *words, exits=exits)
        decisions: dict[str, list[str]] = {}
        for step in json.loads(out)["steps"]:
            decisions.setdefault(step["name"], []).append(step["decision"])
        return decisions, err


@dataclass(frozen=True)
class Team:
    """People with one remote."""

    folder: Path
    url: str
    options: tuple[str, ...]
    environment: Mapping[str, str]

    def join(self, who: str, *, remote: bool = True) -> Person:
        """Return somebody who has the code in a folder of their own, and nothing else."""
        folder = self.folder / who / "somewhere" / "else" if who != "ann" else self.folder / who
        folder.mkdir(parents=True)
        (folder / "pipeline.py").write_text(PIPELINE)
        (folder / "fan.py").write_text(FAN)
        (folder / "helpers.py").write_text("def scaled(number, by):\n    return number * by\n")
        (folder / "rates.csv").write_text("2")
        (folder / "stook.toml").write_text('[workspace]\ncontext = "shop"\n')
        home = self.folder / f"{who}.home"
        person = Person(
            folder,
            {
                **self.environment,
                "HOME": str(home),
                "STOOK_HOME": str(home / "store"),
                "STOOK_CACHE": str(home / "cache"),
                "STOOK_OWNER": who,
            },
        )
        if remote:
            person.stook("remote", "add", self.url, *self.options)
        return person


@pytest.fixture(params=["folder", "s3"])
def team(request: pytest.FixtureRequest, tmp_path: Path) -> Team:
    """People who share a folder, or a bucket."""
    if request.param == "folder":
        return Team(tmp_path, str(tmp_path / "remote"), (), {})
    return _team_of(tmp_path, request.getfixturevalue("s3_bucket"))


def _team_of(folder: Path, bucket: S3Bucket, endpoint: str = "") -> Team:
    environment = {
        "AWS_ACCESS_KEY_ID": bucket.options["access_key_id"],
        "AWS_SECRET_ACCESS_KEY": bucket.options["secret_access_key"],
    }
    options = ("--endpoint", endpoint or bucket.endpoint, "--region", bucket.options["region"])
    return Team(folder, f"{bucket.url}/team", options, environment)


def test_everything_is_taken(team: Team) -> None:
    """All kinds of results are taken at another path, by another user: of files, variables, items, rows, yields."""
    ann, ben = team.join("ann"), team.join("ben")
    made, said = ann.run("pipeline.py:Report", "--push")
    assert {decision for decisions in made.values() for decision in decisions} == {"ran"}
    assert "sent to origin" in said
    taken, said = ben.run("pipeline.py:Report", "--only-missing")
    assert taken == {name: ["reused"] * len(decisions) for name, decisions in made.items()}
    assert "results taken from origin" in said
    assert ben.stook("cat", "report") == ann.stook("cat", "report")


def test_conditions_are_held_against_this_machine(team: Team) -> None:
    """Where a file that a task read, or a variable, is another here, what depends on it is run here, and no more."""
    ann, ben = team.join("ann"), team.join("ben")
    ann.run("pipeline.py:Report", "--push")
    (ben.folder / "rates.csv").write_text("3")
    ben.environment["SHOP"] = "south"
    taken, _ = ben.run("pipeline.py:Report", "--only-missing", "--push")
    assert taken["table"] == ["reused"]
    assert taken["part"] == ["reused", "reused"]
    assert taken["day"] == ["ran"] * 3
    assert taken["note"] == taken["asking"] == taken["report"] == ["ran"]
    assert ben.stook("cat", "report")[0].strip() == "9 three south 4.0"
    again, _ = ann.run("pipeline.py:Report", "--only-missing")
    assert {decision for decisions in again.values() for decision in decisions} == {"reused"}
    assert ann.stook("cat", "report")[0].strip() == "6 three north 4.0"


def test_a_clone_needs_no_more(team: Team) -> None:
    """Who clones a workspace has what is said of all results, and with their data works without the remote."""
    ann, ben = team.join("ann"), team.join("ben", remote=False)
    made, _ = ann.run("pipeline.py:Report", "--push")
    (ben.folder / "stook.toml").unlink()
    ben.stook("clone", team.url, ".", *team.options)
    taken, said = ben.run("pipeline.py:Report", "--pull")
    assert taken == {name: ["reused"] * len(decisions) for name, decisions in made.items()}
    assert "data of" in said
    ben.stook("remote", "rm", "origin")
    assert len(json.loads(ben.stook("cat", "day", "--json")[0])) == 3_000


def test_plan_and_status_say_take(team: Team) -> None:
    """What the remote has is planned as taken, through partitions and items; nothing of it comes."""
    ann, ben = team.join("ann"), team.join("ben")
    ann.run("pipeline.py:Report", "--push")
    steps = json.loads(ben.stook("plan", "pipeline.py:Report", "--only-missing", "--json")[0])
    assert {step["decision"] for step in steps} == {"take"}
    assert "would be taken" in ben.stook("status", "pipeline.py:Report", "--only-missing")[0]
    out, err = ben.stook("run", "pipeline.py:Report", "--only-missing", "--dry-run")
    assert "ann has made report@" in out
    assert "would be taken from a remote" in err
    steps = json.loads(ben.stook("plan", "pipeline.py:Report", "--json")[0])
    assert "take" not in {step["decision"] for step in steps}
    assert not json.loads(ben.stook("ls", "--json")[0])


def test_two_at_once(team: Team) -> None:
    """Two who run the same at once, each sending and taking, have it all in the end, and the remote is sound."""
    ann, ben = team.join("ann"), team.join("ben")
    words = ("run", "fan.py:Fan", "--width", "60", "--only-missing", "--push")
    running = [person.begin(*words) for person in (ann, ben)]
    for process in running:
        _, err = process.communicate(timeout=300)
        assert process.returncode == 0, err
    cleo = team.join("cleo")
    taken, _ = cleo.run("fan.py:Fan", "--width", "60", "--only-missing")
    assert {decision for decisions in taken.values() for decision in decisions} == {"reused"}
    cleo.stook("verify", "--deep", "--remote")


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_cut_short(team: Team, how: signal.Signals) -> None:
    """After Ctrl-C or a kill the remote is sound, and the next run sends what that one did not."""
    ann = team.join("ann")
    until = team.folder / "go-on"
    process = ann.begin("run", "fan.py:Slowly", "--until", str(until), "--push")
    _wait_until(lambda: "slow" in ann.begin("ls", "--remote").communicate(timeout=60)[0])
    process.send_signal(how)
    _, err = process.communicate(timeout=60)
    assert process.returncode == (130 if how is signal.SIGINT else -signal.SIGKILL), err
    until.touch()
    ben = team.join("ben")
    ben.stook("verify", "--deep", "--remote")
    decisions, said = ann.run("fan.py:Slowly", "--until", str(until), "--push")
    assert decisions["slow"] == ["reused"] * 5 + ["ran"]
    assert "sent to origin" in said
    taken, _ = ben.run("fan.py:Slowly", "--until", str(until), "--only-missing")
    assert {decision for found in taken.values() for decision in found} == {"reused"}


def test_processes_take_and_make_up(tmp_path: Path) -> None:
    """With processes of their own, tasks read what was taken; what is damaged on the remote is made here."""
    team = Team(tmp_path, str(tmp_path / "remote"), (), {})
    ann, ben, cleo = (team.join(who) for who in ("ann", "ben", "cleo"))
    ann.run("fan.py:Fan", "--width", "6", "--push")
    taken, _ = ben.run("fan.py:Fan", "--width", "7", "--only-missing", "--jobs", "2")
    assert taken == {"leaf": ["reused"] * 6 + ["ran"], "fan": ["ran"]}
    shutil.rmtree(tmp_path / "remote" / "packs" / "data")
    (cleo.folder / "fan.py").write_text(
        FAN.replace("return len(leaves)", "return sum(x.data[0] for x in leaves)")
    )
    made, said = cleo.run("fan.py:Fan", "--width", "6", "--only-missing", "--jobs", "2")
    assert made == {"leaf": ["ran"] * 6, "fan": ["ran"]}
    assert "could not take results from origin" in said


@pytest.mark.full
def test_many_results_take_few_requests(tmp_path: Path, s3_bucket: S3Bucket) -> None:
    """A thousand results go there, and come from there, in some dozen requests, on a line that is slow to answer."""
    with FaultProxy(s3_bucket.endpoint, latency=(0.03, 0.03)) as proxy:
        team = _team_of(tmp_path, s3_bucket, proxy.endpoint)
        ann, ben = team.join("ann"), team.join("ben")
        proxy.set_faults()
        ann.run("fan.py:Fan", "--push")
        assert len(proxy.requests) < 80
        proxy.set_faults()
        ann.run("fan.py:Fan", "--push", "--only-missing")
        assert not proxy.requests
        taken, _ = ben.run("fan.py:Fan", "--only-missing")
        assert {decision for found in taken.values() for decision in found} == {"reused"}
        assert len(proxy.requests) < 40


def _wait_until(is_so: Callable[[], bool]) -> None:
    until = time.monotonic() + 60
    while not is_so():
        assert time.monotonic() < until
        time.sleep(0.05)
