"""Records of the log as JSON, one each."""

from __future__ import annotations

from typing import NoReturn

import msgspec

from stook.errors import FormatError, InputError
from stook.format.encoding import to_json
from stook.format.limits import MAX_MESSAGE, MAX_PAYLOAD
from stook.format.packs import is_pack_name
from stook.format.soundness import check_blob, check_manifest, is_digest
from stook.model.clock import is_id
from stook.model.record import BundleRecord, CommitRecord, ContextRecord, Record, TagRecord
from stook.model.refs import check_name
from stook.model.visible import visible

__all__ = ["Glance", "dump", "glance", "load", "load_bundle", "read_id", "replace_field"]

_MAX_TIME = 2**53
_MAX_TOLD = 300
_decoder = msgspec.json.Decoder(Record)
_raw_decoder = msgspec.json.Decoder(dict[str, msgspec.Raw])


class _Identity(msgspec.Struct, frozen=True):
    id: str


_identify = msgspec.json.Decoder(_Identity)


class Glance(msgspec.Struct, frozen=True):
    """What there is of a record at a glance, unchecked.

    Attributes:
        type: What kind of record it is.
        id: Its id.
        fingerprint: That of a bundle.
    """

    type: str = ""
    id: str = ""
    fingerprint: str = ""


_glance = msgspec.json.Decoder(Glance)


def dump(record: Record) -> bytes:
    """Return a record as JSON.

    Raises:
        InputError: It is longer than a record may be: the manifest must go into a blob. Or its text is not Unicode.
    """
    data = to_json(record)
    if len(data) > MAX_PAYLOAD:
        raise InputError(
            f"a record of {len(data)} bytes is more than the log takes ({MAX_PAYLOAD})",
            kind="record-too-large",
            hint="keep long params and tags as data of the bundle",
        )
    return data


def load(data: bytes) -> Record:
    """Read a record and check all that is in it. Fields that this version does not know are passed over.

    Raises:
        FormatError: It is not one, or not sound.
    """
    if len(data) > MAX_PAYLOAD:
        _refuse("it is too long")
    try:
        record: Record = _decoder.decode(data)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        _refuse(visible(str(error))[:_MAX_TOLD], error)
    if not is_id(record.id) or not _is_token(record.context) or not 0 <= record.time < _MAX_TIME:
        _refuse("its id, context or time is not one")
    if isinstance(record, BundleRecord):
        _check_bundle(record)
    elif isinstance(record, ContextRecord):
        _check_name(record.name)
    elif not is_id(record.bundle):
        _refuse("it names a bundle that cannot be")
    elif isinstance(record, (TagRecord, CommitRecord)):
        _check_text(record)
    return record


def load_bundle(data: bytes) -> BundleRecord:
    """Read the record of a bundle. Raises FormatError where it is another, or not sound."""
    record = load(data)
    if not isinstance(record, BundleRecord):
        _refuse("it is none of a bundle")
    return record


def replace_field(data: bytes, name: str, value: bytes | None) -> bytes:
    """Return the bytes of a sound record with another value of one field, or without it; all other bytes stay."""
    fields = _raw_decoder.decode(data)
    if value is None:
        fields.pop(name, None)
    elif name in fields and bytes(fields[name]) == value:
        return data
    else:
        fields[name] = msgspec.Raw(value)
    return msgspec.json.encode(fields)


def read_id(data: bytes) -> str:
    """Return the id of a record that `load` takes; this is quicker where nothing else of it is needed."""
    return _identify.decode(data).id


def glance(data: bytes) -> Glance:
    """Return the few fields of a record that tell what it is, much quicker than `load`; empty where it is none."""
    try:
        return _glance.decode(data)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return Glance()


def _check_text(record: TagRecord | CommitRecord) -> None:
    if isinstance(record, TagRecord) and "" in record.tags:
        _refuse("a tag has no name")
    if isinstance(record, CommitRecord) and len(record.message) > MAX_MESSAGE:
        _refuse("its message is too long")


def _check_bundle(record: BundleRecord) -> None:
    _check_name(record.name)
    if not is_digest(record.digest) or not 0 <= record.size < 2**63:
        _refuse("its digest or size is not one")
    if not all(map(is_pack_name, record.packs)):
        _refuse("it names a pack that cannot be")
    if record.inputs is not None and not all(map(is_id, record.inputs)):
        _refuse("it names an input that cannot be")
    if (record.manifest is None) == (record.manifest_blob is None):
        _refuse("it must have either a manifest or the blob of one")
    if record.manifest is not None:
        check_manifest(record.manifest)
    if record.manifest_blob is not None:
        check_blob(record.manifest_blob)


def _check_name(name: str) -> None:
    try:
        if check_name(name) == name:
            return
    except InputError as error:
        _refuse(error.message, error)
    _refuse(f"the name {name!r} is not in Unicode's NFC form")


def _is_token(text: str) -> bool:
    """Tell whether this is an identifier of a context: 1 to 64 ASCII letters, digits and dashes."""
    return 0 < len(text) <= 64 and text.isascii() and text.replace("-", "").isalnum()


def _refuse(problem: str, cause: Exception | None = None) -> NoReturn:
    raise FormatError(
        f"a record of the log cannot be read: {problem}",
        kind="bad-record",
        hint="upgrade stook if a newer version wrote it; else stook verify says more",
    ) from cause
