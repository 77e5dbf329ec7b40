"""AWS's own files of profiles, as far as they hold plain keys.

What the files mean: https://docs.aws.amazon.com/sdkref/latest/guide/file-format.html
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from stook.errors import InputError

__all__ = ["AwsKeys", "AwsProfile", "find_profile", "read_profile"]

# What needs AWS's own library: a sign-on, another role, a program that is asked.
_INVOLVED = frozenset(
    {
        "credential_process",
        "credential_source",
        "role_arn",
        "sso_account_id",
        "sso_session",
        "sso_start_url",
        "web_identity_token_file",
        "login_session",
    }
)


@dataclass(frozen=True, slots=True)
class AwsKeys:
    """Credentials that stay as they are. What is shown of them is the name of the class."""

    access_key_id: str = field(repr=False)
    secret_access_key: str = field(repr=False)
    session_token: str | None = field(default=None, repr=False)


class AwsProfile(msgspec.Struct, frozen=True):
    """A profile.

    Attributes:
        name: What it is called.
        region: The region that it names; empty for none.
        keys: Its keys, where it has some.
        is_involved: Whether its credentials are to be asked for in a way that only AWS's own library knows.
    """

    name: str
    region: str
    keys: AwsKeys | None
    is_involved: bool


def read_profile(wanted: str | None) -> AwsProfile | None:
    """Read a profile: the wanted one, else that of `AWS_PROFILE`, else `default`.

    Returns:
        None where none is asked for by name and there is no `default`.

    Raises:
        InputError: There is none of that name, or a file of profiles cannot be read.
    """
    asked = wanted or os.environ.get("AWS_PROFILE") or os.environ.get("AWS_DEFAULT_PROFILE")
    found = find_profile(asked or "default")
    if found is None and asked:
        raise InputError(  # no NotFoundError, which of an object means that it is not there
            f"AWS's files on this machine have no profile {asked!r}",
            kind="profile-not-found",
            hint="aws configure list-profiles",
        )
    return found


def find_profile(name: str) -> AwsProfile | None:
    """Return the profile of a name, or None where there is none. Raises InputError where a file cannot be read."""
    settings = {
        **_section("AWS_CONFIG_FILE", "config", name if name == "default" else f"profile {name}"),
        **_section("AWS_SHARED_CREDENTIALS_FILE", "credentials", name),
    }
    return _profile(name, settings) if settings else None


def _profile(name: str, settings: dict[str, str]) -> AwsProfile:
    key, secret = settings.get("aws_access_key_id"), settings.get("aws_secret_access_key")
    keys = AwsKeys(key, secret, settings.get("aws_session_token") or None) if key and secret else None
    return AwsProfile(name, settings.get("region", ""), keys, bool(_INVOLVED & settings.keys()))


def _section(variable: str, default: str, section: str) -> dict[str, str]:
    import configparser  # who has keys in the environment needs none of it

    path = Path(os.environ.get(variable) or f"~/.aws/{default}").expanduser()
    parser = configparser.RawConfigParser(strict=False, default_section="", allow_no_value=True)
    try:
        parser.read_string(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError, configparser.Error):
        raise InputError(  # whose words could repeat a line of the file
            f"{path} cannot be read as one of AWS's files",
            kind="bad-profiles",
            hint="mend the file, or its mode",
        ) from None
    return {name: value or "" for name, value in parser.items(section)} if parser.has_section(section) else {}
