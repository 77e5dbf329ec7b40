"""Commands that people are told to type keep the `--context` and `--remote` that they gave: else they act elsewhere."""

from __future__ import annotations

import re
import shlex

import click

from stook.cli.output import say

__all__ = ["keep_context", "note_context", "note_place", "note_remote", "suggest"]

_ASKED = "stook.context"
_ASKED_REMOTE = "stook.remote"
_ASKED_PLACE = "stook.remote-to-share-with"
# The verbs that act on one line of bundles; the others ask the whole store, or the folder at hand.
_OF_A_CONTEXT = frozenset(
    {
        "add",
        "alias",
        "cat",
        "checkout",
        "commit",
        "diff",
        "du",
        "export",
        "fetch",
        "get",
        "import",
        "log",
        "ls",
        "pull",
        "push",
    }
    | {"graph", "lineage", "plan", "remote", "reproduce", "restore", "rm", "run", "search", "show"}
    | {"tag", "trace", "untag", "why"}
)
# Those of them, and of the others, that may act on a remote instead.
_ON_A_REMOTE = frozenset(
    {"alias", "cat", "checkout", "commit", "diff", "du", "export", "gc", "get", "log", "ls"}
    | {"restore", "rm", "search", "show", "tag", "trace", "untag", "verify"}
)
# Those that send to a remote, or get from it.
_WITH_A_REMOTE = frozenset({"pull", "push"})
_COMMAND = re.compile(r"(?<!\S)stook (?P<verb>[a-z]+)\b(?P<rest>(?:(?!\sstook ).)*)", re.DOTALL)


def note_context(called: click.Context, _: click.Parameter, context: str | None) -> str | None:
    """Remember the context that was given: what the option `--context` does with its value."""
    if context is not None:
        called.meta[_ASKED] = context  # which all commands of one call share
    return context


def note_remote(called: click.Context, _: click.Parameter, remote: str | None) -> str | None:
    """Remember the remote that was given: what the option `--remote` does with its value."""
    if remote is not None:
        called.meta[_ASKED_REMOTE] = remote
    return remote


def note_place(called: click.Context, _: click.Parameter, remote: str) -> str:
    """Remember the remote to send to or to get from: what `--remote` of push and pull does with its value."""
    if remote:
        called.meta[_ASKED_PLACE] = remote
    return remote


def keep_context(text: str, context: str = "") -> str:
    """Return a text in which each command names a context and a remote, where it takes them and names none.

    Args:
        text: What is said to people, with commands such as `stook show NAME` in it.
        context: The context; the one that was given to the command that runs where this is empty. The remote is always
            the one that was given.
    """
    called = click.get_current_context(silent=True)
    asked = called.meta if called else {}
    context, remote = context or asked.get(_ASKED, ""), asked.get(_ASKED_REMOTE)
    place = asked.get(_ASKED_PLACE, "")
    if not context and not place and remote is None:
        return text
    return _COMMAND.sub(lambda found: _with_options(found, context, remote, place), text)


def _with_options(found: re.Match[str], context: str, remote: str | None, place: str) -> str:
    verb, rest = found["verb"], found["rest"]
    if "--help" in rest or rest.startswith(" policy "):
        return found[0]
    options = ""
    if context and verb in _OF_A_CONTEXT and "--context" not in rest:
        options += f" --context {shlex.quote(context)}"
    if remote is not None and verb in _ON_A_REMOTE and "--remote" not in rest:
        options += f" --remote={shlex.quote(remote)}" if remote else " --remote"
    if place and verb in _WITH_A_REMOTE and "--remote" not in rest:
        options += f" --remote {shlex.quote(place)}"
    return _with(verb, rest, options)


def _with(verb: str, rest: str, options: str) -> str:
    """Return a command with options before its words; of `remote`, which has commands of its own, before those."""
    own = re.match(r" (?:add|check|ls|rm|show)\b", rest) if verb == "remote" else None
    head, tail = (own[0], rest[own.end() :]) if own else ("", rest)
    return f"stook {verb}{head}{options}{tail}"


def suggest(text: str, context: str = "") -> None:
    """Say something in which there is a command to type next, with the options as `keep_context` has them."""
    say(keep_context(text, context))
