"""Every error of obstore's becomes one of Stook's."""

from __future__ import annotations

import traceback

import obstore.exceptions
import pytest

from stook.errors import ConflictError, InputError, NotFoundError, StookError, StorageError
from stook.storage.object_errors import CATEGORIES, translate_object_errors

_BUILTIN = {"FileNotFoundError", "ValueError"}


def _classes() -> dict[str, type[Exception]]:
    found = {name: getattr(obstore.exceptions, name) for name in dir(obstore.exceptions)}
    return {
        name: cls for name, cls in found.items() if isinstance(cls, type) and issubclass(cls, BaseException)
    }


def _translated(error: Exception) -> StookError:
    with pytest.raises(StookError) as caught, translate_object_errors("s3://bucket/key"):
        raise error
    return caught.value


def test_none_is_unmapped() -> None:
    """The table names exactly the exceptions that obstore has; a new one fails here until it has a category."""
    assert _classes().keys() == CATEGORIES.keys() - _BUILTIN


@pytest.mark.parametrize("name", sorted(CATEGORIES))
def test_each_is_translated(name: str) -> None:
    """An exception of each class becomes its category and names the place."""
    cls = {**_classes(), "FileNotFoundError": FileNotFoundError, "ValueError": ValueError}[name]
    error = _translated(cls("what obstore says"))
    assert type(error) is CATEGORIES[name][0]
    assert error.kind == CATEGORIES[name][1]
    assert "s3://bucket/key" in str(error)


def test_categories_that_callers_rely_on() -> None:
    """A taken key and a lost race are conflicts, a missing object is not found, a bad key is the caller's."""
    assert CATEGORIES["AlreadyExistsError"][0] is ConflictError
    assert CATEGORIES["PreconditionError"][0] is ConflictError
    assert CATEGORIES["FileNotFoundError"][0] is NotFoundError
    assert CATEGORIES["InvalidPathError"][0] is InputError


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (
            FileNotFoundError("status code: 404 Not Found: <Error><Code>NoSuchBucket</Code>"),
            "bucket-not-found",
        ),
        (obstore.exceptions.PreconditionError("<Code>NoSuchBucket</Code>"), "bucket-not-found"),
        (obstore.exceptions.PermissionDeniedError("<Code>SignatureDoesNotMatch</Code>"), "no-credentials"),
        (
            obstore.exceptions.GenericError("GET http://169.254.169.254/latest/api/token failed"),
            "no-credentials",
        ),
        (obstore.exceptions.GenericError("status code: 416 Range Not Satisfiable"), "range-refused"),
        (
            obstore.exceptions.GenericError("Wanted range starting at 9, but object was only 1"),
            "range-refused",
        ),
        (
            obstore.exceptions.GenericError("Received non-partial response when range requested"),
            "ranges-ignored",
        ),
        (obstore.exceptions.GenericError("error sending request\n kind: Connect,"), "unreachable"),
        (obstore.exceptions.GenericError("Received redirect without LOCATION"), "wrong-region"),
        (FileNotFoundError("<Code>ContainerNotFound</Code>"), "bucket-not-found"),
        (
            obstore.exceptions.GenericError("GET http://metadata.google.internal/computeMetadata/v1 failed"),
            "no-credentials",
        ),
    ],
)
def test_codes_say_more_than_classes(error: Exception, kind: str) -> None:
    """A missing bucket is not a missing object, and bad credentials are not a missing permission."""
    translated = _translated(error)
    assert type(translated) is StorageError
    assert translated.kind == kind
    assert translated.hint or kind == "range-refused"


def test_nothing_secret_is_passed_on() -> None:
    """User names, passwords, queries and the server's own words stay out of the message and the traceback."""
    said = (
        "Error performing GET http://user:hunter2@host:9000/b/x?X-Amz-Signature=hunter3 in 1ms: "
        "<Error><AWSAccessKeyId>hunter4</AWSAccessKeyId></Error>\n\nDebug source: hunter5"
    )
    error = _translated(obstore.exceptions.GenericError(said))
    shown = "".join(traceback.format_exception(error)) + repr(error) + repr(error.facts)
    assert "hunter" not in shown
    assert "http://host:9000/b/x" in shown


@pytest.mark.parametrize(
    ("place", "word"), [("s3://b/k", "AWS_"), ("gs://b/k", "gcloud"), ("az://c/k", "az login")]
)
def test_credentials_are_hinted_at_by_cloud(place: str, word: str) -> None:
    """Who has no credentials is told how that cloud gives them."""
    with pytest.raises(StorageError) as caught, translate_object_errors(place):
        raise obstore.exceptions.UnauthenticatedError("no")
    assert word in caught.value.hint
