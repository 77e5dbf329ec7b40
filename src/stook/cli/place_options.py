"""What is said of a place that bundles are shared through, beside its URL: the same options wherever one is named."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping
from typing import TypeVar

import click

__all__ = ["given_options", "place_options", "typed_options"]

_F = TypeVar("_F", bound=Callable[..., object])
_GIVEN = "stook.place"
_WORDS = {
    "endpoint": "--endpoint",
    "region": "--region",
    "account": "--account",
    "profile": "--profile",
    "role": "--role",
    "sse_kms_key": "--sse-kms",
}
_FLAGS = {
    ("anonymous", "true"): "--anonymous",
    ("path_style", "true"): "--path-style",
    ("path_style", "false"): "--virtual-host",
    ("requester_pays", "true"): "--requester-pays",
    ("conditional_writes", "false"): "--no-conditional-writes",
}


def place_options(function: _F) -> _F:
    """Add the options of a place, which `given_options` returns."""
    for option in reversed(
        (
            _option("--endpoint", "endpoint", metavar="URL", help="Of a server that speaks S3's protocol."),
            _option("--region", "region", metavar="NAME", help="Where the bucket is."),
            _option("--account", "account", metavar="NAME", help="The storage account of az:// URLs."),
            _option("--profile", "profile", metavar="NAME", help="Whose credentials, of ~/.aws, to use."),
            _option("--role", "role", metavar="ARN", help="The role to take on."),
            _flag("--anonymous", "anonymous", help="Send no credentials: for public buckets, to read."),
            _flag(
                "--path-style/--virtual-host",
                "path_style",
                help="Whether the bucket is in the path, which is the default, or in the host's name.",
            ),
            _option(
                "--sse-kms",
                "sse_kms_key",
                metavar="KEY",
                help="The key of KMS that the server encrypts with.",
            ),
            _flag("--requester-pays", "requester_pays", help="Pay for requests to somebody else's bucket."),
            _flag(
                "--no-conditional-writes",
                "conditional_writes",
                value="false",
                help="The server cannot put an object only where there is none: of two who move an alias at once,"
                " one may undo the other's move unseen.",
            ),
        )
    ):
        function = option(function)
    return function


def given_options() -> Mapping[str, str]:
    """Return the options that the command which runs was given, as a storage takes them."""
    return dict(click.get_current_context().meta.get(_GIVEN, {}))


def typed_options(options: Mapping[str, str]) -> str:
    """Return options of a place as they are typed after its URL, with a space before each."""
    words = [f" {_WORDS[name]} {shlex.quote(value)}" for name, value in options.items() if name in _WORDS]
    flags = [f" {_FLAGS[given]}" for given in options.items() if given in _FLAGS]
    return "".join(words + flags)


def _option(word: str, name: str, *, metavar: str, help: str) -> Callable[[_F], _F]:  # noqa: A002
    def note(called: click.Context, _: click.Parameter, value: str | None) -> None:
        if value is not None:
            called.meta.setdefault(_GIVEN, {})[name] = value

    return click.option(word, name, metavar=metavar, help=help, callback=note, expose_value=False)


def _flag(words: str, name: str, *, help: str, value: str = "true") -> Callable[[_F], _F]:  # noqa: A002
    def note(called: click.Context, _: click.Parameter, is_on: bool | None) -> None:
        if is_on is not None:
            opposite = "false" if value == "true" else "true"
            called.meta.setdefault(_GIVEN, {})[name] = value if is_on else opposite

    return click.option(words, name, is_flag=True, default=None, help=help, callback=note, expose_value=False)
