"""Which credentials a bucket is opened with, in AWS's own order."""

from __future__ import annotations

import builtins
import os
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from stook.errors import InputError, MissingExtraError, StookError, StorageError
from stook.storage import open_storage
from stook.storage.aws_credentials import find_credentials
from stook.storage.aws_profiles import read_profile
from tests.servers.moto_s3 import S3Bucket
from tests.servers.recording import Recorder, record_requests

_ROLE = "arn:aws:iam::123456789012:role/reader"


@pytest.fixture
def server() -> Iterator[Recorder]:
    """A server that writes down what it is asked."""
    with record_requests() as recorder:
        yield recorder


@pytest.fixture
def profiles() -> Path:
    """AWS's files in the home of the test, and the folder in which they are."""
    folder = Path.home() / ".aws"
    folder.mkdir()
    (folder / "credentials").write_text(
        "[default]\naws_access_key_id=DEFAULTKEY\naws_secret_access_key=DEFAULTSECRET\n"
        "[team]\naws_access_key_id = TEAMKEY\naws_secret_access_key = TEAM%SECRET\naws_session_token = TEAMTOKEN\n"
    )
    (folder / "config").write_text(
        "[default]\nregion = eu-west-1\n[profile team]\nregion = eu-north-1\ns3 =\n  max_concurrent_requests = 20\n"
        f"[profile other]\nrole_arn = {_ROLE}\nsource_profile = default\n[profile empty]\nregion = eu-west-2\n"
    )
    return folder


def signed(server: Recorder, options: dict[str, str] | None = None) -> dict[str, str]:
    """Return the headers of a request to a bucket."""
    open_storage("s3://bucket", options={"endpoint": server.endpoint, **(options or {})}).get("a")
    return server.requests[-1][2]


@pytest.mark.usefixtures("profiles")
def test_the_default_profile(server: Recorder) -> None:
    """Where nothing is named, keys and region of the default profile are used."""
    assert "DEFAULTKEY" in signed(server)["authorization"]
    assert "/eu-west-1/" in signed(server)["authorization"]


@pytest.mark.usefixtures("profiles")
def test_a_profile_by_name(server: Recorder, monkeypatch: pytest.MonkeyPatch) -> None:
    """A profile is named by the option or by AWS_PROFILE, the option first; its token and region go with it."""
    headers = signed(server, {"profile": "team"})
    assert "TEAMKEY" in headers["authorization"]
    assert "/eu-north-1/" in headers["authorization"]
    assert headers["x-amz-security-token"] == "TEAMTOKEN"
    monkeypatch.setenv("AWS_PROFILE", "team")
    assert "TEAMKEY" in signed(server)["authorization"]
    assert "DEFAULTKEY" in signed(server, {"profile": "default"})["authorization"]


@pytest.mark.usefixtures("profiles")
def test_the_region_that_is_named_wins(server: Recorder, monkeypatch: pytest.MonkeyPatch) -> None:
    """The option comes before the environment, and that before the profile."""
    monkeypatch.setenv("AWS_REGION", "us-west-2")
    assert "/us-west-2/" in signed(server, {"profile": "team"})["authorization"]
    assert "/sa-east-1/" in signed(server, {"profile": "team", "region": "sa-east-1"})["authorization"]


@pytest.fixture
def environment_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keys in the environment."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "ENVKEY")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "ENVSECRET")


@pytest.mark.usefixtures("profiles", "environment_keys")
def test_keys_come_before_a_profile_of_the_environment(
    server: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Keys of the environment win over its AWS_PROFILE, and those that are given over both, and over any profile."""
    monkeypatch.setenv("AWS_PROFILE", "team")
    assert "ENVKEY" in signed(server)["authorization"]
    given = {"access_key_id": "GIVENKEY", "secret_access_key": "x"}
    assert "GIVENKEY" in signed(server, given)["authorization"]
    assert "GIVENKEY" in signed(server, {**given, "profile": "team"})["authorization"]


@pytest.mark.usefixtures("profiles", "environment_keys")
def test_a_profile_that_an_option_names_comes_before_keys(server: Recorder) -> None:
    """Who names a profile means that one: its keys, token and region, whatever the environment has."""
    headers = signed(server, {"profile": "team"})
    assert "TEAMKEY" in headers["authorization"]
    assert "/eu-north-1/" in headers["authorization"]
    assert headers["x-amz-security-token"] == "TEAMTOKEN"


@pytest.mark.usefixtures("profiles", "environment_keys")
def test_without_that_profile_keys_of_the_environment_count(server: Recorder) -> None:
    """A remote that was added with a profile works where there is none of that name, with the environment's keys."""
    assert "ENVKEY" in signed(server, {"profile": "nobody"})["authorization"]
    assert "ENVKEY" in signed(server, {"profile": "empty"})["authorization"]


def test_files_elsewhere(server: Recorder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """AWS_SHARED_CREDENTIALS_FILE and AWS_CONFIG_FILE say where the files are."""
    (tmp_path / "keys").write_text("[default]\naws_access_key_id=MOVEDKEY\naws_secret_access_key=x\n")
    (tmp_path / "settings").write_text("[default]\nregion=ca-west-1\n")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "keys"))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "settings"))
    authorization = signed(server)["authorization"]
    assert "MOVEDKEY" in authorization
    assert "/ca-west-1/" in authorization


@pytest.mark.usefixtures("profiles")
def test_a_profile_that_is_not_there() -> None:
    """A name that no file has is an InputError, at the first request and not before; not as if an object were gone."""
    storage = open_storage("s3://bucket", options={"profile": "nobody"})
    with pytest.raises(InputError, match="'nobody'") as caught:
        storage.get("a")
    assert caught.value.kind == "profile-not-found"


def test_a_damaged_file(profiles: Path) -> None:
    """A file that cannot be read is named, without its content."""
    (profiles / "credentials").write_text("aws_secret_access_key = hunter2\n")
    with pytest.raises(InputError, match="credentials cannot be read") as caught:
        open_storage("s3://bucket").get("a")
    assert "hunter2" not in "".join(traceback.format_exception(caught.value))


@pytest.mark.usefixtures("profiles")
def test_nothing_secret_is_shown() -> None:
    """What was found shows no key, whatever prints it."""
    found = find_credentials({"profile": "team"})
    assert found.provider is not None
    assert found.provider()["access_key_id"] == "TEAMKEY"
    assert "TEAM" not in repr(found) + repr(found.provider) + repr(read_profile("team"))


def test_a_role_is_assumed(s3_bucket: S3Bucket, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a role, requests are signed by what AWS's token service gave for it, and this again before it ends."""
    monkeypatch.setenv("AWS_ENDPOINT_URL_STS", s3_bucket.endpoint)
    options = {**s3_bucket.options, "role": _ROLE}
    storage = open_storage(s3_bucket.url, options=options)
    storage.put_new("a", b"x")
    assert storage.get("a").data == b"x"
    found = find_credentials(options)
    assert found.provider is not None
    first, second = found.provider(), found.provider()
    assert first["access_key_id"] != s3_bucket.options["access_key_id"]
    assert first["token"]
    assert first["expires_at"] is not None
    assert second["access_key_id"] != first["access_key_id"]


@pytest.mark.usefixtures("profiles")
def test_a_profile_with_a_role(s3_bucket: S3Bucket, monkeypatch: pytest.MonkeyPatch) -> None:
    """A profile that means more than keys is resolved by AWS's own library."""
    monkeypatch.setenv("AWS_ENDPOINT_URL_STS", s3_bucket.endpoint)
    found = find_credentials({"profile": "other"})
    assert found.provider is not None
    given = found.provider()
    assert given["access_key_id"] not in {"DEFAULTKEY", ""}
    assert given["token"]


def test_a_role_that_is_refused(server: Recorder, monkeypatch: pytest.MonkeyPatch) -> None:
    """A refusal says which role, and by which code; the keys that asked stay secret."""
    server.status = 403
    refusal = b"<Error><Code>AccessDenied</Code><Message>GIVENKEY may not</Message></Error>"
    server.body = b"<ErrorResponse>" + refusal + b"</ErrorResponse>"
    monkeypatch.setenv("AWS_ENDPOINT_URL_STS", server.endpoint)
    options = {"role": _ROLE, "access_key_id": "GIVENKEY", "secret_access_key": "hunter2"}
    with pytest.raises(StorageError, match="AccessDenied") as caught:
        open_storage("s3://bucket", options=options).get("a")
    assert _ROLE in str(caught.value)
    assert caught.value.kind == "no-credentials"
    shown = "".join(traceback.format_exception(caught.value)) + repr(caught.value.facts)
    assert "GIVENKEY" not in shown
    assert "hunter2" not in shown


@pytest.mark.usefixtures("profiles")
@pytest.mark.parametrize("options", [{"role": _ROLE}, {"profile": "other"}])
def test_without_the_library(options: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    """What needs AWS's library says so where it is not installed, and what to install."""
    real = builtins.__import__

    def refuse(name: str, *arguments: Any, **named: Any) -> Any:
        if name == "boto3":
            raise ModuleNotFoundError(name)
        return real(name, *arguments, **named)

    monkeypatch.setattr(builtins, "__import__", refuse)
    with pytest.raises(MissingExtraError) as caught:
        open_storage("s3://bucket", options=options).get("a")
    assert caught.value.exit_code == 8
    assert "stook[aws]" in caught.value.hint


@pytest.mark.usefixtures("profiles")
def test_a_profile_without_keys(server: Recorder, monkeypatch: pytest.MonkeyPatch) -> None:
    """A profile that names a region alone leaves the credentials to the container's or machine's role."""
    monkeypatch.setenv("AWS_METADATA_ENDPOINT", server.endpoint)
    server.status = 404
    with pytest.raises(StookError) as caught:
        open_storage("s3://bucket", options={"endpoint": server.endpoint, "profile": "empty"}).get("a")
    assert caught.value.kind == "no-credentials"
    assert os.environ.get("AWS_ACCESS_KEY_ID") is None
