"""Where the credentials of a bucket come from: what is given, the environment, AWS's files, then the machine's role."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import msgspec

from stook.errors import MissingExtraError, StorageError
from stook.storage.aws_profiles import AwsKeys, AwsProfile, find_profile, read_profile

if TYPE_CHECKING:
    from obstore.store import S3Credential

__all__ = ["AwsCredentials", "choose_profile", "find_credentials"]

_SESSION_NAME = "stook"
_ANY_REGION = "us-east-1"  # the token service is the same everywhere
# How long keys count as fresh that AWS's library renews by itself, long before they end.
_ASK_AGAIN = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class AwsCredentials:
    """What is known before the first request.

    Attributes:
        provider: Called for credentials whenever the last ones have ended; None where obstore looks by itself.
        region: The region that goes with them; empty where nobody names one.
    """

    provider: Callable[[], S3Credential] | None = field(default=None, repr=False)
    region: str = ""


def find_credentials(options: Mapping[str, str]) -> AwsCredentials:
    """Find the credentials of a bucket, in the order of AWS's own tools.

    Keys among the options come first, then the profile of the options, then keys or a web identity of the environment,
    then the profile of `AWS_PROFILE`, or `default`. With the option `role` these are used to assume that role. Where
    there are none, obstore asks for the container's role or the machine's.

    Raises:
        InputError: There is no profile of that name, and no keys in the environment.
        MissingExtraError: The role or the profile needs AWS's own library, which is not installed.
        StorageError: The role was refused.
    """
    if options.get("anonymous") == "true":
        return AwsCredentials()
    keys = _given(options)
    profile = None if keys else choose_profile(options.get("profile"))
    region = profile.region if profile else ""
    asker = _Asker(keys, profile, options.get("region") or region)
    if "role" in options:
        return AwsCredentials(_assume(options["role"], asker), region)
    if keys is None and profile is not None:
        if profile.is_involved:
            return AwsCredentials(_ask_library(profile.name, asker), region)
        keys = profile.keys
    # A function, whose repr has no secret in it.
    return AwsCredentials((lambda: _credential(keys)) if keys else None, region)


class _Asker(msgspec.Struct, frozen=True):
    """Who asks AWS's own library: who has the keys, who is in the profile, or else who the machine is."""

    keys: AwsKeys | None
    profile: AwsProfile | None
    region: str


def _given(options: Mapping[str, str]) -> AwsKeys | None:
    """Return the keys that were given, whole: none of the environment's are mixed in."""
    if "access_key_id" not in options:
        return None
    return AwsKeys(options["access_key_id"], options["secret_access_key"], options.get("session_token"))


def choose_profile(wanted: str | None) -> AwsProfile | None:
    """Return the profile that counts, if any does: the wanted one, or where the environment has no keys the usual one.

    Where this machine has none of the wanted name, such as in CI, keys of the environment count instead.

    Raises:
        InputError: There is no profile of that name, and no keys in the environment; or the files cannot be read.
    """
    if not _is_environment_somebody():
        return read_profile(wanted)
    return find_profile(wanted) if wanted else None


def _is_environment_somebody() -> bool:
    has_keys = os.environ.get("AWS_ACCESS_KEY_ID") and os.environ.get("AWS_SECRET_ACCESS_KEY")
    return bool(has_keys or os.environ.get("AWS_WEB_IDENTITY_TOKEN_FILE"))


def _credential(keys: AwsKeys, expires_at: datetime | None = None) -> S3Credential:
    return {
        "access_key_id": keys.access_key_id,
        "secret_access_key": keys.secret_access_key,
        "token": keys.session_token,
        "expires_at": expires_at,
    }


def _ask_library(name: str, asker: _Asker) -> Callable[[], S3Credential]:
    what = f"the profile {name}"
    session = _session(what, asker)

    def provide() -> S3Credential:
        found = session.get_credentials()
        if found is None:
            raise _refusal(what, "it gives none")
        frozen = found.get_frozen_credentials()
        keys = AwsKeys(frozen.access_key, frozen.secret_key, frozen.token)
        return _credential(keys, datetime.now(UTC) + _ASK_AGAIN)

    return _tried(provide, what)


def _assume(role: str, asker: _Asker) -> Callable[[], S3Credential]:
    what = f"the role {role}"
    session = _session(what, asker)

    def provide() -> S3Credential:
        answer = session.client("sts").assume_role(RoleArn=role, RoleSessionName=_SESSION_NAME)["Credentials"]
        assumed = AwsKeys(answer["AccessKeyId"], answer["SecretAccessKey"], answer["SessionToken"])
        # In this very time zone, since obstore takes no other one that means the same.
        return _credential(assumed, answer["Expiration"].astimezone(UTC))

    return _tried(provide, what)


def _session(what: str, asker: _Asker) -> Any:
    try:
        import boto3
    except ImportError:
        raise MissingExtraError(
            f"{what} needs AWS's own library, which is not installed",
            kind="missing-extra",
            hint="pip install 'stook[aws]'",
        ) from None
    named = (asker.region, os.environ.get("AWS_REGION"), os.environ.get("AWS_DEFAULT_REGION"), _ANY_REGION)
    region = next(one for one in named if one)
    if asker.keys is not None:
        keys = asker.keys
        return boto3.Session(
            keys.access_key_id, keys.secret_access_key, keys.session_token, region_name=region
        )
    return boto3.Session(profile_name=asker.profile.name if asker.profile else None, region_name=region)


def _tried(provide: Callable[[], S3Credential], what: str) -> Callable[[], S3Credential]:
    """Ask once, so that a refusal is told here, and hand that answer out first."""
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        first = [provide()]
    except ClientError as error:
        code = str(error.response.get("Error", {}).get("Code", ""))
        raise _refusal(what, code) from None
    except BotoCoreError as error:
        raise _refusal(what, type(error).__name__) from None  # its words may hold what a program printed
    return lambda: first.pop() if first else provide()


def _refusal(what: str, code: str) -> StorageError:
    return StorageError(
        f"{what} was not given: {code}",
        kind="no-credentials",
        hint="see who you are: aws sts get-caller-identity",
        code=code,
    )
