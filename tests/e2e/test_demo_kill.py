"""The demo's process dies within a step, and is started again."""

from __future__ import annotations

import json
import re
import signal

import stook
from stook.store.verify import verify
from tests.e2e.shop_demo import REPORT, STEPS, STOOK, Demo, expected

HOOK = '''
import os
import signal


def survive(step, made):
    """Die with what was made in hand, where a variable says so whose name is none that would count."""
    if os.environ.get("_".join(["DIE", "IN"])) == step:
        os.kill(os.getpid(), signal.SIGKILL)
    return made


'''


def with_hook(demo: Demo) -> None:
    """Let each step of the workspace's pipeline die when it has its result, before it is kept."""
    path = demo.folder / "pipeline.py"
    before, first, rest = path.read_text(encoding="utf-8").partition("class FromFile")
    step, runs, lines = "", False, []
    for line in (first + rest).splitlines():
        if line.startswith("class "):
            step = line[6 : line.index("(")].lower()
        if line.lstrip().startswith("def "):
            runs = "def run(" in line
        indent, returns, made = line.partition("        return ")
        lines.append(f'{indent}{returns}survive("{step}", {made})' if runs and returns else line)
    path.write_text(before + HOOK + "\n".join([*lines, ""]), encoding="utf-8")


def test_kill_9(demo: Demo) -> None:
    """After a SIGKILL in a step only whole bundles are listed; the next run reuses what had finished."""
    with_hook(demo)
    first = {line["name"]: line["id"] for line in json.loads(demo.stook("ls", "--json"))}
    finished: list[str] = []
    for victim in ("clean", "evaluation", "report"):
        killed = demo.start(STOOK, "run", REPORT, DIE_IN=victim)
        assert killed.returncode == -signal.SIGKILL, killed.stderr
        reused = re.findall(r"^  (\w+) +reused ", killed.stderr, flags=re.MULTILINE)
        assert reused == finished
        finished = STEPS[: STEPS.index(victim)]
        listed = {line["name"]: line["id"] for line in json.loads(demo.stook("ls", "--json"))}
        assert listed.keys() == {"raw", *STEPS}
        assert {name for name in STEPS if listed[name] != first[name]} == set(finished)
    assert_whole(demo)
    assert demo.run() == expected("report")
    assert demo.run() == expected()


def assert_whole(demo: Demo) -> None:
    """Every version of every bundle reads back with the content of its digest, and the store is sound."""
    store = stook.open(demo.root / "store", context="shop")
    again = stook.open(demo.root / "store", context="again")
    for newest in store.ls():
        for bundle in store.versions(newest.name):
            assert bundle.data is not None
            assert again.add("again", bundle.data).digest == bundle.digest
    assert verify(store, deep=True).is_clean
