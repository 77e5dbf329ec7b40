"""Commands that score: the demo, and `predict`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from stook.cli.output import human_size, print_table, say, short_id

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
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False), default="stook-demo")
@click.option("-i", "--input", "source", default="", metavar="FILE|-", help="Your own transactions.")
@_columns
@_horizon
def demo(folder: Path, source: str, columns: str, horizon: int | None) -> None:
    """Make an example workspace in FOLDER and run it: transactions in, predictions and a report out.

    Without --input, a simulated shop's transactions are used. Run it again: what has not changed is reused.
    """
    from stook.app.demo import run_demo
    from stook.app.predicting import Request
    from stook.cli.progress import tell

    done = run_demo(folder, Request(source=source, columns=columns, horizon=horizon), observer=tell)
    _print_predicted(done.predicted)
    inside = done.folder if done.folder.parent != Path.cwd() else Path(done.folder.name)
    say("\nWhat to try next")
    say(f"  cd {inside}")
    say("  stook ls                          the bundles it made")
    say("  stook cat predictions             one of them")
    say("  stook why pipeline.py:Report      edit customer_value/features.py, then ask what would run again")
    say("  stook demo --input FILE           the same on your own transactions")


@click.command()
@click.option("-i", "--input", "source", required=True, metavar="FILE|-", help="Transactions to score.")
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("data/output"),
    show_default=True,
    help="Folder for the files.",
)
@_columns
@_horizon
def predict(source: str, output: Path, columns: str, horizon: int | None) -> None:
    """Score a file of transactions with this workspace's pipeline: predictions and a report."""
    from stook.app.predicting import Request
    from stook.app.predicting import predict as run_predict
    from stook.cli.progress import tell

    done = run_predict(Request(source, output, columns, horizon), observer=tell)
    for path in done.files.values():
        click.echo(path)


def _print_predicted(predicted: Predicted) -> None:
    from stook.app.headline import headline

    say("\nBundles")
    rows = [
        (step.bundle.name, short_id(step.bundle.id), step.decision, human_size(step.bundle.size))
        for step in predicted.result.steps
    ]
    print_table(("NAME", "VERSION", "", "SIZE"), rows)
    say("\nHeadline")
    for line in headline(predicted.metrics):
        click.echo(f"  {line}")
    say("\nFiles")
    for path in predicted.files.values():
        click.echo(path)
