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

_ALLOWED = (
    "check that the credentials may get, put, list and delete objects there; of S3, stook remote policy URL says which"
    " rights are needed"
)
# By the scheme of the place.
_CREDENTIALS = {
    "s3": "set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY; for a public bucket: --anonymous",
    "gs": "gcloud auth application-default login, or set GOOGLE_APPLICATION_CREDENTIALS to a key's file",
    "az": "az login, or set AZURE_STORAGE_ACCOUNT_KEY or AZURE_STORAGE_SAS_TOKEN",
}
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
    "UnauthenticatedError": (StorageError, "no-credentials", "needs valid credentials", ""),
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
_RANGES_IGNORED = (
    StorageError,
    "ranges-ignored",
    "is on a server that sends whole objects where parts are asked for",
    "choose a server that answers range requests",
)
_UNREACHABLE = (StorageError, "unreachable", "cannot be reached", _NETWORK)
_WRONG_REGION = (
    StorageError,
    "wrong-region",
    "is in another region",
    "name it by --region, or by AWS_REGION",
)
_WRONG_CLOCK = (
    StorageError,
    "clock-skew",
    "was refused because this machine's clock differs from the server's",
    "set this machine's clock, and try again",
)
_ENDED = (
    StorageError,
    "no-credentials",
    "needs credentials that have not ended",
    "log in again, as by aws sso login, or set AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN anew",
)
_BUSY = (StorageError, "storage-failed", "failed", "the server is overloaded or broken: try again later")
_PANIC = "PanicException"
_ODD = (
    StorageError,
    "storage-failed",
    "is on a server whose answer obstore cannot cope with",
    "choose another server; stook remote check tells what this one can do",
)
# Codes that say more than the class which they come in.
_CODES: dict[str, tuple[type[StookError], str, str, str]] = {
    "NoSuchBucket": _NO_BUCKET,
    "AccessDenied": CATEGORIES["PermissionDeniedError"],
    "AllAccessDisabled": CATEGORIES["PermissionDeniedError"],
    "AuthorizationPermissionMismatch": CATEGORIES["PermissionDeniedError"],
    "SlowDown": _BUSY,
    "ServiceUnavailable": _BUSY,
    "InternalError": _BUSY,
    "InvalidAccessKeyId": CATEGORIES["UnauthenticatedError"],
    "SignatureDoesNotMatch": CATEGORIES["UnauthenticatedError"],
    "ExpiredToken": _ENDED,
    "ExpiredTokenException": _ENDED,
    "TokenRefreshRequired": _ENDED,
    "InvalidToken": CATEGORIES["UnauthenticatedError"],
    "AuthenticationFailed": CATEGORIES["UnauthenticatedError"],
    "NoAuthenticationInformation": CATEGORIES["UnauthenticatedError"],
    "ContainerNotFound": _NO_BUCKET,
    "InvalidRange": _BAD_RANGE,
    "RequestTimeTooSkewed": _WRONG_CLOCK,
    "AuthorizationHeaderMalformed": _WRONG_REGION,
    "PermanentRedirect": _WRONG_REGION,
    "IllegalLocationConstraintException": _WRONG_REGION,
}
# What tells more than the class where there is no code.
_WORDS: tuple[tuple[re.Pattern[str], tuple[type[StookError], str, str, str]], ...] = (
    (re.compile(r"status code: 416|Invalid range|Wanted range starting at"), _BAD_RANGE),
    (re.compile(r"non-partial response"), _RANGES_IGNORED),
    # Where obstore looks for credentials last: the metadata service of a machine or a container.
    (
        re.compile(r"//169\.254\.|/latest/(?:api/token|meta-data)|/metadata/identity|computeMetadata"),
        CATEGORIES["UnauthenticatedError"],
    ),
    (re.compile(r"kind: (?:Connect|Timeout)\b"), _UNREACHABLE),
    (re.compile(r"redirect without LOCATION", re.IGNORECASE), _WRONG_REGION),
)
_DETAILED = frozenset({"storage-failed", "permission", "unsupported"})  # the others say all by themselves
_CODE = re.compile(r"<Code>(\w{1,64})</Code>")
_STATUS = re.compile(r"status code: (\d{3})")
_SERVER = re.compile(r"https?://[^/\s]+")
_USER_INFO = re.compile(r"(?<=://)[^/\s@]*@")
_QUERY = re.compile(r"\?\S*")


@contextmanager
def translate_object_errors(place: str) -> Iterator[None]:
    """Turn any error of obstore's in the block into one of Stook's about `place`, which is a URL without secrets."""
    try:
        yield
    except (BaseError, FileNotFoundError, ValueError) as error:
        raise _translate(error, place) from None
    except BaseException as error:
        if type(error).__name__ == _PANIC:  # which is no Exception, and whose class cannot be imported
            category, kind, what, hint = _ODD
            raise category(f"{place} {what}", kind=kind, hint=hint) from None
        raise


def _translate(error: Exception, place: str) -> StookError:
    text = str(error)
    code = match[1] if (match := _CODE.search(text)) else ""
    status = match[1] if (match := _STATUS.search(text)) else ""
    names = (cls.__name__ for cls in type(error).__mro__)
    category, kind, what, hint = _CODES.get(code) or next(
        CATEGORIES[name] for name in names if name in CATEGORIES
    )
    if not code:
        said = (meaning for pattern, meaning in _WORDS if pattern.search(text))
        category, kind, what, hint = next(said, (category, kind, what, hint))
    if kind == "no-credentials" and not hint:
        hint = _CREDENTIALS.get(place.partition(":")[0], _CREDENTIALS["s3"])
    detail = code or (_clean(text) if kind in _DETAILED else "")
    if kind == "unreachable" and (match := _SERVER.search(_USER_INFO.sub("", text))):
        detail = match[0]
    message = f"{place} {what}: {detail}" if detail else f"{place} {what}"
    return category(message, kind=kind, hint=hint, code=code, status=status)


def _clean(text: str) -> str:
    first = text.splitlines()[0].partition("<")[0] if text else ""
    return _QUERY.sub("", _USER_INFO.sub("", first)).strip(" :")[:300]
