"""How the code that made a bundle is printed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from stook.cli.output import print_json, print_table, say
from stook.model.visible import visible

if TYPE_CHECKING:
    from stook.app.code import CodeOf
    from stook.model.code import CodeTexts
    from stook.store import Bundle

__all__ = ["show_code"]


def show_code(bundle: Bundle, *, as_json: bool) -> None:
    """Print the code of a bundle as Python reads it, each definition under its place; or as JSON."""
    from stook.app.code import describe_code

    found = describe_code(bundle)
    if as_json:
        print_json(_plain(found))
    elif found.texts is not None:
        click.echo("\n".join(visible(line, keep="\t\n") for line in _iter_text(found, found.texts)))
    elif found.state == "none":
        say(f"{found.ref} was made by {found.task or 'nobody knows what'}: there is no code of it")
    else:
        say(f"the source that made {found.ref} was not kept, only digests of it")
        print_table(("DEFINITION", "DIGEST"), [(key, digest[:16]) for key, digest in found.digests.items()])
        click.echo()
        print_table(("PACKAGE", "VERSION"), list(found.packages.items()))


def _iter_text(found: CodeOf, texts: CodeTexts) -> Iterator[str]:
    yield f"# {found.task} made {found.ref}"
    if found.commit:
        yield f"# commit {found.commit}" + (", and changes that are in no commit" if found.is_dirty else "")
    packages = ", ".join(f"{name} {version}" for name, version in found.packages.items())
    if packages:
        yield f"# packages: {packages}"
    for one in texts.definitions:
        yield f"\n\n# {one.path}:{one.line}\n{one.text.rstrip()}"
    if texts.diff:
        yield f"\n\n# what differed from the commit {texts.commit}:"
        yield from (f"# {line}" for line in texts.diff.splitlines())
    if texts.files:
        yield "\n\n# kept whole, since no commit has them: " + ", ".join(sorted(texts.files))
    if texts.cut:
        yield "\n\n# left out, since they are too long: " + ", ".join(texts.cut)


def _plain(found: CodeOf) -> dict[str, object]:
    texts = found.texts
    return {
        "ref": found.ref,
        "task": found.task,
        "state": found.state,
        "commit": found.commit or None,
        "dirty": found.is_dirty,
        "definitions": [
            {"key": one.key, "path": one.path, "line": one.line, "text": one.text}
            for one in (texts.definitions if texts else ())
        ],
        "diff": texts.diff if texts else "",
        "files": dict(texts.files) if texts else {},
        "cut": list(texts.cut) if texts else [],
        "digests": dict(found.digests),
        "packages": dict(found.packages),
    }
