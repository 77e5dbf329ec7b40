"""Commands on the folder and its settings: init, config."""

from __future__ import annotations

from pathlib import Path

import click

from stook.cli.options import json_option
from stook.cli.output import print_json, print_table, say, typed


@click.command()
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False), default=".")
@click.option("--context", metavar="NAME", help="Name of its line of bundles; the folder's name by default.")
def init(folder: Path, context: str | None) -> None:
    """Make FOLDER (this one by default) a workspace: write a stook.toml, and touch nothing else."""
    from stook.app.init import init_workspace

    done = init_workspace(folder, context=context)
    say(
        f"{done.folder} is a workspace with the context {done.context!r}; its bundles are kept in {done.store}"
    )
    inside = "" if done.folder == Path.cwd() else f"cd {typed(done.folder)}; "
    say(f"next: {inside}stook add NAME FILE")


@click.command()
@click.option("--origin", is_flag=True, help="Also say where each value comes from.")
@json_option
def config(origin: bool, as_json: bool) -> None:
    """Show the settings that hold in this folder."""
    from msgspec.structs import asdict

    from stook.config import load_config

    settings = load_config().settings()
    if as_json:
        print_json({name: asdict(setting) for name, setting in settings.items()})
    elif origin:
        print_table(("SETTING", "VALUE", "ORIGIN"), [(n, s.value, s.origin) for n, s in settings.items()])
    else:
        print_table(("SETTING", "VALUE"), [(n, s.value) for n, s in settings.items()])
