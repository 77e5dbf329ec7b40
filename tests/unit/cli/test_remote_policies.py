"""`stook remote policy`: what it prints is enough for each role, no part of it is idle, and it allows no more."""

from __future__ import annotations

import json
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.servers import locked_moto
from tests.unit.cli.conftest import Stook

_PLACE = "s3://team/stook/shop"


@dataclass
class Cloud:
    """A server that refuses what no policy allows, and whose requests are done as an administrator or a user."""

    endpoint: str
    monkeypatch: pytest.MonkeyPatch
    keys: dict[str, tuple[str, str]] = field(default_factory=dict)

    def client(self, service: str, user: str = "admin") -> Any:
        """Return a client of a user's; before there is one, of anybody's."""
        import boto3

        key, secret = self.keys.get(user, ("any", "body"))
        return boto3.client(
            service,
            endpoint_url=self.endpoint,
            region_name="us-east-1",
            aws_access_key_id=key,
            aws_secret_access_key=secret,
        )

    def allow(self, user: str, policy: object) -> None:
        """Let a user do what a policy says, and nothing else; the user is made where there is none."""
        iam = self.client("iam")
        if user not in self.keys:
            iam.create_user(UserName=user)
            made = iam.create_access_key(UserName=user)["AccessKey"]
            self.keys[user] = made["AccessKeyId"], made["SecretAccessKey"]
        iam.put_user_policy(UserName=user, PolicyName="only", PolicyDocument=json.dumps(policy))

    def empty(self, bucket: str) -> None:
        """Delete all that is in a bucket."""
        client = self.client("s3")
        for entry in client.list_objects_v2(Bucket=bucket).get("Contents", []):
            client.delete_object(Bucket=bucket, Key=entry["Key"])

    def become(self, user: str) -> None:
        """Let commands find the keys of a user in the environment."""
        key, secret = self.keys[user]
        self.monkeypatch.setenv("AWS_ACCESS_KEY_ID", key)
        self.monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", secret)


@pytest.fixture
def cloud(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Cloud]:
    """A server of its own, with the bucket `team`, from now on asking everybody who they are."""
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    server = subprocess.Popen(
        [sys.executable, locked_moto.__file__], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    try:
        assert server.stdout is not None
        cloud = Cloud(f"http://127.0.0.1:{int(server.stdout.readline())}", monkeypatch)
        cloud.client("s3").create_bucket(Bucket="team")
        everything = {"Effect": "Allow", "Action": "*", "Resource": "*"}
        cloud.allow("admin", {"Version": "2012-10-17", "Statement": [everything]})
        ask_everybody = urllib.request.Request(  # noqa: S310 - it is http
            f"{cloud.endpoint}/moto-api/reset-auth", b"0", {"Content-Type": "text/plain"}
        )
        with urllib.request.urlopen(ask_everybody, timeout=30):  # noqa: S310
            yield cloud
    finally:
        server.terminate()
        server.wait()
        server.stdout.close()


@pytest.fixture
def shop(stook: Stook) -> Stook:
    """A workspace with a version of `prices` that is committed, and large enough for a pack."""
    begin(stook)
    return stook


def begin(stook: Stook) -> None:
    """Keep and commit a version of `prices`, and let `prod` stand for it."""
    if not Path("stook.toml").exists():
        stook("init", "--context", "shop")
    Path("prices.csv").write_text("sku,price\n" * 20_000)
    stook("add", "prices", "prices.csv")
    stook("commit", "prices", "-m", "agreed")
    stook("alias", "prod", "prices")


def policy(stook: Stook, role: str, *words: str) -> dict[str, Any]:
    """Return what is printed for a role."""
    code, out, err = stook("remote", "policy", _PLACE, "--role", role, *words)
    assert (code, err) == (0, "")
    printed: dict[str, Any] = json.loads(out)
    return printed


def work_as_writer(shop: Stook, endpoint: str) -> list[int]:
    """Do all that a writer does; return the exit codes."""
    Path("more.csv").write_text("sku\n")
    codes = [
        shop("remote", "add", _PLACE, "--endpoint", endpoint)[0],
        shop("push")[0],
        shop("alias", "--remote", "prod", "prices", "-m", "moved")[0],
        shop("pull")[0],
        0 if shop("remote", "check")[1].count("\nok ") == 7 else 6,
    ]
    shop("add", "prices", "more.csv")
    shop("alias", "prod", "prices")
    return [*codes, shop("push", "prices")[0]]


@pytest.mark.full
def test_a_writer_can_push_and_pull_and_all_of_the_policy_is_needed(
    shop: Stook, cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With what is printed everything a writer does works; with any statement less something does not."""
    whole = policy(shop, "writer", "--plain")  # the server knows no conditions
    worked = {}
    for left_out in (None, *whole["Statement"]):
        name = left_out["Sid"] if left_out else ""
        cloud.become("admin")
        cloud.empty("team")
        less = [one for one in whole["Statement"] if one is not left_out]
        cloud.allow("writer", {**whole, "Statement": less})
        cloud.become("writer")
        monkeypatch.setenv("STOOK_HOME", str(Path.cwd() / f"store{name}"))
        begin(shop)
        worked[name] = not any(work_as_writer(shop, cloud.endpoint))
    assert worked == {"": True, "List": False, "Read": False, "Add": False, "TidyUp": False}


def test_a_reader_can_pull_and_not_push(shop: Stook, cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    """A reader adds the remote, is told that it cannot be written to, and reads; a push is refused whole."""
    cloud.allow("reader", policy(shop, "reader"))
    cloud.become("admin")
    words = ("remote", "add", _PLACE, "--endpoint", cloud.endpoint)
    shop(*words)
    shop("push")
    before = cloud.client("s3").list_objects_v2(Bucket="team")["KeyCount"]
    cloud.become("reader")
    monkeypatch.setenv("STOOK_HOME", str(Path.cwd() / "other"))
    code, _, talk = shop(*words)
    assert (code, "it can be read, not written to" in talk) == (0, True)
    assert shop("pull")[0] == 0
    assert shop("cat", "prices")[1].startswith("sku,price")
    assert shop("remote", "check")[0] == 0
    Path("more.csv").write_text("sku\n")
    shop("add", "more", "more.csv")
    code, _, err = shop("push", "more")
    assert (code, "Traceback" in err) == (6, False)
    cloud.become("admin")
    assert cloud.client("s3").list_objects_v2(Bucket="team")["KeyCount"] == before


def test_only_a_collector_frees_space(shop: Stook, cloud: Cloud) -> None:
    """A collector may delete packs and collect garbage; a writer can remove bundles, and delete nothing."""
    for role in ("writer", "collector"):
        cloud.allow(role, policy(shop, role))
    cloud.become("writer")
    work_as_writer(shop, cloud.endpoint)
    assert shop("rm", "--remote", "prices", "--yes", "--force")[0] == 0
    listed = cloud.client("s3").list_objects_v2(Bucket="team")["Contents"]
    pack = next(entry["Key"] for entry in listed if entry["Key"].endswith(".pack"))
    with pytest.raises(Exception, match="AccessDenied"):
        cloud.client("s3", "writer").delete_object(Bucket="team", Key=pack)
    cloud.become("collector")
    assert shop("gc", "--remote", "--yes")[0] == 0
    cloud.client("s3", "collector").delete_object(Bucket="team", Key=pack)


def test_a_role_sees_nothing_beside_its_place(shop: Stook, cloud: Cloud) -> None:
    """Another prefix of the bucket, though its name begins alike, can be neither listed nor read nor written."""
    cloud.allow("collector", policy(shop, "collector"))
    cloud.become("admin")
    elsewhere = ("remote", "add", "elsewhere", f"{_PLACE}2", "--endpoint", cloud.endpoint)
    assert shop(*elsewhere)[0] == 0
    shop("remote", "rm", "elsewhere")
    cloud.become("collector")
    assert shop(*elsewhere)[0] == 6


def test_a_key_and_plain_servers(stook: Stook) -> None:
    """With a key its use is allowed too; --plain has no condition at all."""
    keyed = policy(stook, "reader", "--kms-key", "arn:aws:kms:eu-west-1:1:key/2")["Statement"][-1]
    assert (keyed["Action"], keyed["Resource"]) == (["kms:Decrypt"], ["arn:aws:kms:eu-west-1:1:key/2"])
    conditions = [one.get("Condition") for one in policy(stook, "writer")["Statement"] if "Put" in str(one)]
    assert conditions == [{"Null": {"s3:if-none-match": "false"}}, {"Null": {"s3:if-match": "false"}}]
    plain = policy(stook, "writer", "--plain")["Statement"]
    assert not [one for one in plain if "Condition" in one]
