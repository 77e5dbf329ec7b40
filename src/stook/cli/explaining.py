"""Why a task would run again, in full: what changed, with the text of definitions, and what it depends on."""

from __future__ import annotations

import contextlib
import sys
from typing import TYPE_CHECKING, Any

import click

from stook.cli.output import local_time, print_facts, print_json, say, shorten_ids
from stook.model.amounts import counted

if TYPE_CHECKING:
    from stook.app.planning_view import Explained
    from stook.pipeline import Task
    from stook.store import Store

__all__ = ["print_reasons"]

_MOST = 3
_WOULD = {"run": "would run", "depends": "depends on others", "reuse": "is up to date"}


def print_reasons(task: Task, store: Store, name: str, *, as_json: bool) -> None:
    """Print why a task would run, or another one in its graph that a name means."""
    from stook.app.planning_view import explain

    with contextlib.redirect_stdout(sys.stderr):
        found = explain(task, store, name)
    if as_json:
        print_json([_plain(one) for one in found] if len(found) > 1 else _plain(found[0]))
        return
    shown = [one for one in found if one.step.decision != "reuse"] or list(found[:1])
    for place, one in enumerate(shown[:_MOST]):
        if place:
            click.echo()
        _print(one)
    if len(found) > len(shown[:_MOST]):
        others = len(found) - len(shown[:_MOST])
        say(f"{name} means {others:,} more tasks; stook plan lists them, and --json explains all")


def _print(one: Explained) -> None:
    from stook.model.visible import visible

    step = one.step
    click.echo(visible(f"{one.label} {_WOULD[step.decision]}"))
    for reason in step.because:
        click.echo(visible(f"  {shorten_ids(reason)}"))
    for change in one.changes:
        if change.diff:
            click.echo()
            click.echo(visible(change.diff.rstrip("\n"), keep="\n\t"))
    click.echo()
    print_facts(_facts(one))


def _facts(one: Explained) -> list[tuple[str, str]]:
    step, lineage = one.step, one.lineage
    facts = [("task", step.label)]
    if one.last is not None:
        facts.append(("last", f"{shorten_ids(one.last.ref)}, {local_time(one.last.time)}"))
    if lineage is None:
        return facts
    facts += [("version", lineage.version)] if lineage.version else []
    for used in lineage.inputs:
        part = "".join(f"[{piece}]" for piece in (used.item, used.part) if piece)
        ref = f"{used.name}@{used.id}" if used.id else f"{used.name}, content that no store has seen"
        facts.append(("input", f"{used.role}: {shorten_ids(ref)}{part}"))
    facts += [("read", read.path) for read in lineage.reads]
    facts += [("variable", name) for name in lineage.env]
    facts += [("asked for", shorten_ids(f"{asked.name}@{asked.id}")) for asked in lineage.asked]
    count = sum(not key.startswith("package:") for key in lineage.code)
    facts.append(("code", counted(count, "definition")))
    packages = [
        f"{key.removeprefix('package:')} {v}" for key, v in lineage.code.items() if key.startswith("package:")
    ]
    facts.append(("packages", ", ".join(packages) or "none"))
    facts.append(("fingerprint", f"{lineage.fingerprint[:16]}, algorithm {lineage.algorithm}"))
    return facts


def _plain(one: Explained) -> dict[str, Any]:
    from msgspec import to_builtins

    from stook.app.planning_view import plain_step

    lineage: dict[str, Any] = to_builtins(one.lineage) if one.lineage is not None else {}
    kept = ("fingerprint", "algorithm", "version", "params", "inputs", "reads", "env", "asked", "code")
    return plain_step(one.step, one.label) | {
        "last": one.last.ref if one.last else None,
        "changes": [to_builtins(change) for change in one.changes],
        **{name: lineage.get(name) for name in kept if name in lineage},
    }
