"""Manifests as JSON."""

from __future__ import annotations

import msgspec

from stook.errors import FormatError
from stook.format.encoding import to_json
from stook.format.soundness import check_tree
from stook.model.record import Manifest

__all__ = ["dump", "load"]

_decoder = msgspec.json.Decoder(Manifest)


def dump(manifest: Manifest) -> bytes:
    """Return a manifest as JSON. Raises InputError where its text is not Unicode."""
    return to_json(manifest)


def load(data: bytes) -> Manifest:
    """Read a manifest and check all that is in it. Fields that this version does not know are passed over.

    Raises:
        FormatError: It is not one, or not sound.
    """
    try:
        manifest = _decoder.decode(data)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise FormatError(
            f"the description of a bundle cannot be read: {error}",
            kind="bad-manifest",
            hint="stook verify --deep",
        ) from error
    check_tree(manifest.tree)
    return manifest
