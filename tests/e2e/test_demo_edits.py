"""The demo again, after each kind of edit: what runs is what the edit can have changed."""

from __future__ import annotations

import json

from tests.e2e.shop_demo import REPORT, STEPS, Demo, expected

FEATURES = "customer_value/features.py"
AFTER_FEATURES = ("features", "model", "evaluation", "predictions", "report")


def test_unchanged(demo: Demo) -> None:
    """Again with nothing changed, every step is reused and the same files are written."""
    written = {path.name: path.read_bytes() for path in (demo.folder / "data/output").glob("*.*")}
    assert demo.run() == expected()
    table = demo.stook("demo", demo.folder)
    done = {words[0]: words[2] for line in table.splitlines() if len(words := line.split()) > 2}
    assert {name: done[name] for name in STEPS} == expected()
    assert {path.name: path.read_bytes() for path in (demo.folder / "data/output").glob("*.*")} == written


def test_comment_and_docstring(demo: Demo) -> None:
    """Words for people re-run nothing."""
    demo.edit(
        FEATURES, '    """Return the columns that a model may look at."""\n', '    """Other words."""\n'
    )
    demo.edit(FEATURES, "    gap = pl.col", "    # Days between one visit and the next.\n\n    gap = pl.col")
    assert demo.run() == expected()


def test_helper_with_other_output(demo: Demo) -> None:
    """A helper of the features that gives something else runs the features and what follows, and nothing else."""
    demo.edit(FEATURES, 'pl.max_horizontal("tenure", 30)', 'pl.max_horizontal("tenure", 45)')
    assert demo.run() == expected(*AFTER_FEATURES)
    assert demo.run() == expected()


def test_helper_with_equal_output(demo: Demo) -> None:
    """A helper that is written otherwise and gives the same runs the features, and nothing after them."""
    demo.edit(FEATURES, "sales.filter(chosen & ~void)", "sales.filter(~void & chosen)")
    assert demo.run() == expected("features")
    assert demo.run() == expected()


def test_a_plan_names_the_changed_definition(demo: Demo) -> None:
    """`stook plan` says which definition changed and what depends on it, `stook why` how; neither runs anything."""
    demo.edit(FEATURES, "sales.filter(chosen & ~void)", "sales.filter(~void & chosen)")
    before = demo.stook("ls", "--json")
    plan = {step["name"]: step for step in json.loads(demo.stook("plan", REPORT, "--json"))}
    assert plan["features"]["decision"] == "run"
    assert plan["features"]["because"] == ["code changed: customer_value.features:standing"]
    assert {name for name in STEPS if plan[name]["decision"] == "reuse"} == {"ingested", "rejected", "clean"}
    assert {name for name in STEPS if plan[name]["decision"] == "depends"} == {*AFTER_FEATURES[1:]}
    explained = demo.stook("why", REPORT, "features")
    assert "code changed: customer_value.features:standing" in explained
    assert "-    return sales.filter(chosen & ~void)" in explained
    assert demo.stook("ls", "--json") == before


def test_json_of_a_run(demo: Demo) -> None:
    """`stook run --json` says of every step what was done, why, and which bundle it gave."""
    demo.edit(FEATURES, "sales.filter(chosen & ~void)", "sales.filter(~void & chosen)")
    said = json.loads(demo.stook("run", REPORT, "--json"))
    assert [step["name"] for step in said["steps"]] == STEPS
    assert (said["bundle"], said["decision"]) == (said["steps"][-1]["bundle"], "reused")
    known = {line["name"]: line for line in json.loads(demo.stook("ls", "--json"))}
    for step in said["steps"]:
        assert step["bundle"] == f"{step['name']}@{known[step['name']]['id']}"
        assert step["digest"] == known[step["name"]]["digest"]
        assert step["because"]
        assert step["seconds"] >= 0
    assert said["steps"][3]["because"] == ["code changed: customer_value.features:standing"]
