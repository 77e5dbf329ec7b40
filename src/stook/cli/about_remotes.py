"""What is said of remotes, and what JSON says of them."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from typing import TYPE_CHECKING

from stook.cli.output import counted, local_time, print_table, say
from stook.cli.place_options import typed_options
from stook.cli.suggesting import suggest

if TYPE_CHECKING:
    from stook.app.remoting import AddedRemote, Described
    from stook.storage.probing import Finding
    from stook.store.remotes.config import RemoteConfig

__all__ = [
    "as_plain",
    "asked_last",
    "facts_of",
    "plain_added",
    "plain_finding",
    "print_findings",
    "say_no_remotes",
    "say_others",
    "tell_added",
]

_HOW = {
    "id": "the context {here} here is {there} there, which has {count}: they are one and the same",
    "name": "the context {here} here is {there} there, which has {count}: they bear the same name",
    "new": "the context {here} here will be {there} there; the first push makes it",
}
# What goes all the same where something does not work.
_LESS = {
    "write": "one can pull from it and not push to it; ",
    "delete": "one can push and pull, and not free space there by stook gc --remote; ",
}
_NO_CREDENTIALS = frozenset({"no-credentials", "profile-not-found"})
# What of S3's rights each thing that is tried needs, and who has it.
_RIGHTS = {
    "list": ("s3:ListBucket", "reader"),
    "read": ("s3:GetObject", "reader"),
    "write": ("s3:PutObject", "writer"),
    "conditional write": ("s3:GetObject and s3:PutObject", "writer"),
    "delete": ("s3:DeleteObject", "writer"),
}


def say_no_remotes() -> None:
    """Say that a context has no remotes, and what to type for one."""
    suggest("no remotes; stook remote add URL makes one: s3://BUCKET/PREFIX, or a folder that others see too")


def say_others(contexts: Sequence[str], config: RemoteConfig) -> None:
    """Say that a remote has nothing of this context, but of others: one of these may have been meant."""
    if contexts:
        first, place = shlex.quote(contexts[0]), shlex.quote(config.url) + typed_options(config.options)
        say(f"it has nothing of this context, but of {', '.join(contexts)}:")
        say(f"  stook clone {place} --context {first} makes a workspace of that one;")
        say(f"  stook switch -c {first}; stook remote add {place} lets this workspace use it")


def asked_last(one: Described) -> str:
    """Return when a remote was asked last, as it is printed."""
    return local_time(one.fetched) if one.fetched else "never"


def facts_of(one: Described) -> list[tuple[str, str]]:
    """Return what is printed of a remote."""
    config = one.config
    there = (
        f"{one.remote_context!r} there, {counted(one.bundles, 'version')}"
        if one.remote_context
        else "not there yet; the first push makes it"
    )
    return [
        ("remote", config.name),
        ("url", config.url),
        ("context", f"{one.context!r} here is {there}"),
        ("asked last", asked_last(one)),
        ("credentials", one.credentials),
        *(("option", f"{name} = {value}") for name, value in sorted(config.options.items())),
    ]


def as_plain(one: Described) -> dict[str, object]:
    """Return a remote as JSON has it."""
    return {
        "name": one.config.name,
        "url": one.config.url,
        "options": one.config.options,
        "repository": one.config.repository,
        "context": one.context,
        "remote_context": one.remote_context or None,
        "bundles": one.bundles,
        "fetched": one.fetched.isoformat(timespec="seconds") if one.fetched else None,
        "credentials": one.credentials,
    }


def tell_added(done: AddedRemote) -> None:
    """Say what a remote that was added is, stands for and lacks, and what to type next."""
    added = done.added
    config = added.config
    say(f"{config.name} is {'a new store' if added.created else 'the store'} at {config.url}")
    count = counted(done.bundles, "version")
    say(_HOW[added.how].format(here=repr(done.context), there=repr(added.context_name), count=count))
    if "://" in config.url:
        say(f"credentials: {done.credentials}")
    for one in done.added.findings:
        if not one.ok:
            say(f"{one.name}: {one.message}")
    say_others(done.others, config)
    to = "" if done.is_usual else f" --remote {shlex.quote(config.name)}"
    if done.is_read_only:
        suggest(f"it can be read, not written to: next: stook pull{to}")
    elif not done.bundles:
        suggest(f"next: stook push{to} sends what is committed")
    else:
        suggest(f"next: stook pull{to} gets what it has; stook push{to} sends what is committed")


def print_findings(remote: Described, findings: tuple[Finding, ...]) -> None:
    """Print what was found when a remote was tried; of what fails, what goes all the same and what to do."""
    from stook.storage.probing import is_needed

    kinds = {one.kind for one in findings}
    state = "fail" if kinds & _NO_CREDENTIALS else "-" if "unreachable" in kinds else "ok"
    rows = [(state, "credentials", remote.credentials)]
    rows += [
        ("ok" if one.ok else "fail" if is_needed(one) else "no", one.name, one.message) for one in findings
    ]
    print_table(("STATE", "CHECK", "FOUND"), rows)
    is_usable = all(one.ok or not is_needed(one) for one in findings)
    for one in findings:
        if not one.ok:
            less = _LESS.get(one.name, "") if is_usable else ""
            suggest(f"{one.name}: {less}{_advice(one, remote.config.url)}".rstrip(": "))


def _advice(finding: Finding, url: str) -> str:
    """Return what to do about what does not work."""
    if finding.kind != "permission" or not url.startswith("s3://"):
        return finding.hint
    right, role = _RIGHTS[finding.name]
    return f"it takes the right {right}; stook remote policy {shlex.quote(url)} --role {role} prints all that is needed"


def plain_finding(one: Finding) -> dict[str, object]:
    """Return a finding as JSON has it."""
    return {"check": one.name, "ok": one.ok, "kind": one.kind, "message": one.message, "hint": one.hint}


def plain_added(done: AddedRemote) -> dict[str, object]:
    """Return a remote that was added as JSON has it."""
    config = done.added.config
    return {
        "name": config.name,
        "url": config.url,
        "options": config.options,
        "repository": config.repository,
        "created": done.added.created,
        "context": done.context,
        "remote_context": done.added.context_name,
        "how": done.added.how,
        "read_only": done.is_read_only,
        "credentials": done.credentials,
        "findings": [plain_finding(one) for one in done.added.findings],
    }
