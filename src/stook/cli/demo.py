"""Commands that score: the demo, and `predict`."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from stook.cli.output import human_size, print_table, say, short_id, short_path, typed

if TYPE_CHECKING:
    from stook.app.predicting import Predicted

_columns = click.option(
    "--columns",
    default="",
    metavar="customer=NAME,time=NAME,…",
    help="Which column is which: customer, time, amount or quantity and price, invoice. Guessed where not given.",
)
_horizon = click.option("--horizon", type=click.IntRange(1, 3650), help="Days to predict; 60 by default.")


@click.command()
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False), required=False)
@click.option("-i", "--input", "source", default="", metavar="FILE|-", help="Your own transactions.")
@_columns
@_horizon
def demo(folder: Path | None, source: str, columns: str, horizon: int | None) -> None:
    """Make an example workspace in FOLDER and run it: transactions in, predictions and a report out.

    FOLDER is stook-demo where none is given. Without --input, a simulated shop's transactions are used. Run it
    again, here or inside of it: what has not changed is reused.
    """
    from stook.app.demo import run_demo
    from stook.app.predicting import Request
    from stook.cli.run_lines import RunLines

    done = run_demo(folder, Request(source=source, columns=columns, horizon=horizon), observer=RunLines())
    _print_predicted(done.predicted)
    say("\nWhat to try next")
    if done.folder != Path.cwd():
        say(f"  cd {typed(done.folder)}")
    for command, gain in _next_commands(done.predicted.params):
        say(f"  {command:<44}  {gain}")


@click.command()
@click.option("-i", "--input", "source", required=True, metavar="FILE|-", help="Transactions to score.")
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder for the files; data/output of the workspace by default.",
)
@_columns
@_horizon
def predict(source: str, output: Path | None, columns: str, horizon: int | None) -> None:
    """Score a file of transactions with this workspace's pipeline: predictions and a report."""
    from stook.app.predicting import Request
    from stook.app.predicting import predict as run_predict
    from stook.cli.run_lines import RunLines
    from stook.config import get_workspace, load_config

    output = output or get_workspace(load_config()) / "data" / "output"
    done = run_predict(Request(source, output, columns, horizon), observer=RunLines())
    for path in done.files.values():
        click.echo(short_path(path))


def _next_commands(params: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    from stook.app.demo import SAMPLE

    options = "".join(f" --{name} {shlex.quote(value)}" for name, value in params.items())
    again = f" -i {SAMPLE}{options}" if "source" not in params else options.replace("--source", "-i")
    return (
        ("stook ls", "the bundles it made"),
        ("stook cat predictions", "one of them"),
        ("stook show report", "what another was made from"),
        (
            f"stook plan pipeline.py:Report{options}",
            "edit customer_value/features.py, then ask what would run again",
        ),
        (f"stook predict{again}", "run that, and write the files anew"),
        ("stook demo ../mine --input FILE", "the same on your own transactions"),
    )


def _print_predicted(predicted: Predicted) -> None:
    from stook.app.headline import headline

    say("\nBundles")
    made = [(bundle, "input") for bundle in predicted.sources]
    made += [(step.bundle, step.decision) for step in predicted.result.steps]
    rows = [
        (bundle.name, short_id(bundle.id), done, human_size(bundle.size), bundle.task)
        for bundle, done in made
    ]
    print_table(("NAME", "VERSION", "", "SIZE", "TASK"), rows)
    say("\nHeadline")
    for line in headline(predicted.metrics):
        click.echo(f"  {line}")
    say("\nFiles")
    for path in predicted.files.values():
        click.echo(short_path(path))
