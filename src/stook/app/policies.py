"""What whoever uses a bucket as a remote must be allowed to do, and nothing else, as a policy that AWS understands.

A writer adds objects and replaces only the aliases: what was pushed cannot be undone with a writer's key. Only a
collector deletes. The condition key is described in "Enforce conditional writes on Amazon S3 buckets" of the S3 User
Guide; a server that does not know it leaves the condition out with `plain`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Literal, get_args

from stook.errors import InputError
from stook.storage.checks import check_prefix
from stook.storage.urls import split_bucket

__all__ = ["ROLES", "Role", "render_policy"]

Role = Literal["reader", "writer", "collector"]
ROLES: tuple[Role, ...] = get_args(Role)  # each may do what those before it may

# Written once each, so that a writer need not be able to write over them.
_NEVER_REPLACED = ("stook.json", "packs/*", "log/*", "checkpoints/*")
_TRIED = "condemned/probe-*"  # by `stook remote check`
_MOVED = ("aliases/*", _TRIED)  # by those alone who know what they replace
_COLLECTED = ("packs/*", "log/*", "checkpoints/*", "condemned/*", "quarantine/*")


def render_policy(url: str, role: Role, *, kms_key: str = "", plain: bool = False) -> dict[str, Any]:
    """Return a policy for those who use a bucket in a role; a writer can all that a reader can, a collector all.

    Args:
        url: `s3://bucket` or `s3://bucket/prefix`.
        role: What they do: pull, push, or also free space by `stook gc --remote`.
        kms_key: ARN of the key that the bucket is encrypted with.
        plain: Without conditions, for servers that do not know them; then all names in the bucket can be listed.

    Raises:
        InputError: The URL is none of a bucket.
    """
    if not url.startswith("s3://"):
        raise InputError(
            f"policies are rendered for s3:// alone, not for {url}",
            kind="bad-url",
            hint="stook remote policy s3://BUCKET/PREFIX --role writer",
        )
    bucket, key = split_bucket(url)
    place = f"arn:aws:s3:::{bucket}"
    prefix = check_prefix(key.strip("/"))
    objects = f"{place}/{prefix}".rstrip("/")
    statements = [
        _list(place, "" if plain else prefix),
        _allow("Read", ["s3:GetObject"], [f"{objects}/*"]),
        *_write(objects, role, plain=plain),
        *_encrypt(role, kms_key),
    ]
    return {"Version": "2012-10-17", "Statement": statements}


def _list(place: str, prefix: str) -> dict[str, Any]:
    statement = _allow("List", ["s3:ListBucket"], [place])
    if prefix:
        statement["Condition"] = {"StringLike": {"s3:prefix": [f"{prefix}/*"]}}
    return statement


def _write(objects: str, role: Role, *, plain: bool) -> list[dict[str, Any]]:
    if role == "reader":
        return []
    statements = [_allow("Add", ["s3:PutObject"], _under(objects, _NEVER_REPLACED + _MOVED))]
    if not plain:
        statements[0]["Condition"] = {"Null": {"s3:if-none-match": "false"}}
        move = _allow("Move", ["s3:PutObject"], _under(objects, _MOVED))
        statements.append(move | {"Condition": {"Null": {"s3:if-match": "false"}}})
    statements.append(_allow("TidyUp", ["s3:DeleteObject"], _under(objects, [_TRIED])))
    if role == "collector":
        collect = ["s3:PutObject", "s3:DeleteObject"]
        statements.append(_allow("Collect", collect, _under(objects, _COLLECTED)))
    return statements


def _encrypt(role: Role, kms_key: str) -> list[dict[str, Any]]:
    if not kms_key:
        return []
    actions = ["kms:Decrypt"] if role == "reader" else ["kms:Decrypt", "kms:GenerateDataKey"]
    return [_allow("Encrypt", actions, [kms_key])]


def _allow(name: str, actions: Sequence[str], places: Sequence[str]) -> dict[str, Any]:
    return {"Sid": name, "Effect": "Allow", "Action": list(actions), "Resource": list(places)}


def _under(objects: str, keys: Iterable[str]) -> list[str]:
    return [f"{objects}/{key}" for key in keys]
