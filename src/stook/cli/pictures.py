"""Pictures that commands draw into files."""

from __future__ import annotations

from pathlib import Path

import click

from stook.cli.output import say, short_path
from stook.errors import InputError

__all__ = ["write_picture"]


def write_picture(path: Path, picture: str) -> None:
    """Write a picture into a file and say so; `-` is standard output.

    Raises:
        InputError: The file cannot be written.
    """
    from stook._io import write_atomic

    if str(path) == "-":
        click.echo(picture, nl=False)
        return
    try:
        write_atomic(path.absolute(), picture.encode())
    except OSError as error:
        raise InputError(
            f"{path} cannot be written: {error.strerror or error}",
            kind="bad-path",
            hint="name a file in a folder that is there",
        ) from error
    say(f"drawn to {short_path(path)}")
