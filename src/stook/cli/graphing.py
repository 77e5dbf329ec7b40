"""The command that shows the graph of a task."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from stook.cli.options import context_option, json_option, open_home
from stook.cli.output import counted, print_json, say
from stook.cli.pictures import write_picture
from stook.cli.tables import stream_table
from stook.cli.target_words import load, pairs_option
from stook.cli.task_options import task_command, task_options

if TYPE_CHECKING:
    from stook.app.graphing import Group


@task_command
@task_options
@pairs_option
@click.option(
    "--svg", type=click.Path(path_type=Path), metavar="FILE", help="Draw it into FILE; - is standard output."
)
@click.option("--mermaid", is_flag=True, help="Print it as a Mermaid flowchart.")
@click.option("--all", "is_whole", is_flag=True, help="Show each task, also of many that are alike.")
@json_option
@context_option
def graph(  # noqa: PLR0913 - each is an option
    *,
    target: str,
    params: tuple[str, ...],
    params_file: Path | None,
    pairs: tuple[str, ...],
    svg: Path | None,
    mermaid: bool,
    is_whole: bool,
    as_json: bool,
    context: str | None,
) -> None:
    """Show what a task requires, and which of it is up to date: as a tree, a picture, Mermaid or JSON. Runs nothing.

    A picture of it: stook graph pipeline.py:Report --svg report.svg.

    Several tasks of one class that hang alike are one node, such as leaf ×1,000. What several tasks require is followed
    once; where it comes again it says "see above".
    """
    from stook.app.graphing import fold, labels_of, to_mermaid, to_svg
    from stook.app.planning_view import plain_step
    from stook.pipeline.planning import make_plan

    task = load(target, params, params_file, pairs)
    with contextlib.redirect_stdout(sys.stderr):
        plan = make_plan(task, store=open_home(context))
    if as_json:
        print_json(list(map(plain_step, plan.steps, labels_of(plan.steps))))
        return
    groups = fold(plan, is_whole=is_whole)
    if svg is not None:
        write_picture(svg, to_svg(groups, title=f"What {plan.steps[-1].task} requires"))
    if mermaid:
        click.echo(to_mermaid(groups), nl=False)
    if svg is None and not mermaid:
        _print_tree(groups)
        say(counted(len(plan.steps), "task"))


def _print_tree(groups: Sequence[Group]) -> None:
    from stook.app.graphing import iter_tree

    rows = [
        (f"{branch}{group.label}", "see above" if is_again else group.words)
        for branch, group, is_again in iter_tree(groups)
    ]
    stream_table(("TASK", "STATE"), rows)
