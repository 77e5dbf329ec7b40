"""Commands that people are told to type keep the `--context` that they gave: else they would act on another one."""

from __future__ import annotations

import re
import shlex

import click

from stook.cli.output import say

__all__ = ["keep_context", "note_context", "suggest"]

_ASKED = "stook.context"
# The verbs that act on one line of bundles; the others ask the whole store, or the folder at hand.
_OF_A_CONTEXT = frozenset(
    {"add", "alias", "cat", "checkout", "commit", "diff", "du", "get", "log", "ls"}
    | {"restore", "rm", "run", "search", "show", "tag", "untag", "why"}
)
_COMMAND = re.compile(r"(?<!\S)stook (?P<verb>[a-z]+)\b(?P<rest>(?:(?!\sstook ).)*)", re.DOTALL)


def note_context(called: click.Context, _: click.Parameter, context: str | None) -> str | None:
    """Remember the context that was given: what the option `--context` does with its value."""
    if context is not None:
        called.meta[_ASKED] = context  # which all commands of one call share
    return context


def keep_context(text: str, context: str = "") -> str:
    """Return a text in which each command names a context, where it takes one and names none.

    Args:
        text: What is said to people, with commands such as `stook show NAME` in it.
        context: The context; the one that was given to the command that runs where this is empty.
    """
    called = click.get_current_context(silent=True)
    context = context or (called.meta.get(_ASKED, "") if called else "")
    return _COMMAND.sub(lambda found: _with_context(found, context), text) if context else text


def _with_context(found: re.Match[str], context: str) -> str:
    verb, rest = found["verb"], found["rest"]
    if verb not in _OF_A_CONTEXT or "--context" in rest or "--help" in rest:
        return found[0]
    return f"stook {verb} --context {shlex.quote(context)}{rest}"


def suggest(text: str, context: str = "") -> None:
    """Say something in which there is a command to type next, with the context as `keep_context` has it."""
    say(keep_context(text, context))
