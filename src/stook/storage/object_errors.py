"""The one seam where the errors of object stores become Stook's.

What an object store says may name keys and accounts, so only its code and a cleaned first line are passed on.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from obstore.exceptions import BaseError

from stook.errors import ConflictError, InputError, NotFoundError, StookError, StorageError

__all__ = ["CATEGORIES", "translate_object_errors"]

_ALLOWED = "check that the credentials may get, put, list and delete objects there (s3:ListBucket included)"
_CREDENTIALS = (
    "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or the option anonymous=true for a public bucket"
)
_NETWORK = "check the endpoint, the region and the network, and try again"

# By the name of the class: what it becomes, its kind, what happened, the hint.
CATEGORIES: dict[str, tuple[type[StookError], str, str, str]] = {
    "AlreadyExistsError": (ConflictError, "already-exists", "exists already", ""),
    "PreconditionError": (ConflictError, "changed", "was changed by someone else", ""),
    "NotModifiedError": (ConflictError, "changed", "was not changed", ""),
    "NotFoundError": (NotFoundError, "object-not-found", "does not exist", ""),
    "FileNotFoundError": (NotFoundError, "object-not-found", "does not exist", ""),
    "InvalidPathError": (InputError, "bad-key", "is no key of an object", ""),
    "ValueError": (InputError, "bad-key", "is no key of an object", ""),
    "PermissionDeniedError": (StorageError, "permission", "may not be used", _ALLOWED),
    "UnauthenticatedError": (StorageError, "no-credentials", "needs valid credentials", _CREDENTIALS),
    "NotSupportedError": (StorageError, "unsupported", "does not support this", "choose another storage"),
    "UnknownConfigurationKeyError": (InputError, "bad-option", "got an unknown option", ""),
    "JoinError": (StorageError, "storage-failed", "was interrupted", "try again"),
    "GenericError": (StorageError, "storage-failed", "failed", _NETWORK),
    "BaseError": (StorageError, "storage-failed", "failed", _NETWORK),
}
_NO_BUCKET = (
    StorageError,
    "bucket-not-found",
    "is in no bucket that exists",
    "create the bucket, or mend its name",
)
_BAD_RANGE = (StorageError, "range-refused", "ends before the range that was asked for", "")
# Codes that say more than the class which they come in.
_CODES: dict[str, tuple[type[StookError], str, str, str]] = {
    "NoSuchBucket": _NO_BUCKET,
    "InvalidAccessKeyId": CATEGORIES["UnauthenticatedError"],
    "SignatureDoesNotMatch": CATEGORIES["UnauthenticatedError"],
    "ExpiredToken": CATEGORIES["UnauthenticatedError"],
    "InvalidToken": CATEGORIES["UnauthenticatedError"],
}
_DETAILED = frozenset({"storage-failed", "permission", "unsupported"})  # the others say all by themselves
_CODE = re.compile(r"<Code>(\w{1,64})</Code>")
# Where obstore looks for credentials last: the metadata service of a machine or a container.
_METADATA = re.compile(r"//169\.254\.|/latest/api/token|/latest/meta-data")
_STATUS = re.compile(r"status code: (\d{3})")
_USER_INFO = re.compile(r"(?<=://)[^/\s@]*@")
_QUERY = re.compile(r"\?\S*")


@contextmanager
def translate_object_errors(place: str) -> Iterator[None]:
    """Turn any error of obstore's in the block into one of Stook's about `place`, which is a URL without secrets."""
    try:
        yield
    except (BaseError, FileNotFoundError, ValueError) as error:
        raise _translate(error, place) from None


def _translate(error: Exception, place: str) -> StookError:
    text = str(error)
    code = match[1] if (match := _CODE.search(text)) else ""
    status = match[1] if (match := _STATUS.search(text)) else ""
    names = (cls.__name__ for cls in type(error).__mro__)
    category, kind, what, hint = _CODES.get(code) or next(
        CATEGORIES[name] for name in names if name in CATEGORIES
    )
    if status == "416" or "Invalid range" in text:
        category, kind, what, hint = _BAD_RANGE
    elif _METADATA.search(text):
        category, kind, what, hint = CATEGORIES["UnauthenticatedError"]
    detail = code or (_clean(text) if kind in _DETAILED else "")
    message = f"{place} {what}: {detail}" if detail else f"{place} {what}"
    return category(message, kind=kind, hint=hint, code=code, status=status)


def _clean(text: str) -> str:
    first = text.splitlines()[0].partition("<")[0] if text else ""
    return _QUERY.sub("", _USER_INFO.sub("", first)).strip(" :")[:300]
