"""How the words after a command are read where `--remote` is among them."""

from __future__ import annotations

import click
import pytest

import stook as library
from stook.cli.listing import ls
from stook.cli.remote_option import read_words
from stook.cli.sharing import push


@pytest.fixture(autouse=True)
def _remote(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Give the home store a remote `backup`."""
    from stook.store.remotes.adding import add_remote

    add_remote(library.open(), "backup", str(tmp_path_factory.mktemp("place") / "team"))


@pytest.mark.parametrize(
    ("command", "words", "read"),
    [
        (ls, ["--remote"], ["--remote="]),
        (ls, ["--remote", "prices"], ["--remote=", "prices"]),
        (ls, ["--remote", "backup"], ["--remote=backup"]),
        (ls, ["--remote", "backup", "backup"], ["--remote=backup", "backup"]),
        (ls, ["--remote=", "backup"], ["--remote=", "backup"]),
        (ls, ["backup", "--remote"], ["backup", "--remote="]),
        (ls, ["--remote", "--json"], ["--remote=", "--json"]),
        (ls, ["--", "--remote", "backup"], ["--", "--remote", "backup"]),
        (push, ["--remote", "backup"], ["--remote", "backup"]),
    ],
)
def test_a_word_after_it_is_a_name_where_a_remote_has_it(
    command: click.Command, words: list[str], read: list[str]
) -> None:
    """Else it is the command's; `=` leaves no doubt, and after `--` nothing is an option."""
    assert read_words(command, str(command.name), words) == read
