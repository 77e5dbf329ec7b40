"""`stook remote`: places are named, tried, looked at and forgotten."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

import stook as library
from stook.app.remoting import check_remote
from stook.testing.fault_proxy import FaultProxy
from stook.testing.proxy_faults import ProxyFault
from tests.servers.moto_s3 import S3Bucket
from tests.servers.recording import record_requests
from tests.unit.cli.conftest import Stook


@pytest.fixture
def shop(stook: Stook) -> Stook:
    """A workspace of the context `shop` with one committed version of `prices`."""
    stook("init", "--context", "shop")
    store = library.open()
    store.commit(store.add("prices", 1), "kept")
    return stook


@pytest.fixture
def bucket(s3_bucket: S3Bucket, monkeypatch: pytest.MonkeyPatch) -> S3Bucket:
    """A bucket whose credentials are in the environment."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", s3_bucket.options["access_key_id"])
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", s3_bucket.options["secret_access_key"])
    return s3_bucket


def test_a_place_becomes_a_remote(shop: Stook, tmp_path: Path) -> None:
    """Without a name it is `origin`; what was made, and which context it stands for, is said and not printed."""
    code, out, talk = shop("remote", "add", "./team")
    assert (code, out) == (0, "")
    assert talk.splitlines() == [
        f"origin is a new store at {tmp_path / 'team'}",
        "the context 'shop' here will be 'shop' there; the first push makes it",
        "next: stook push sends what is committed",
    ]
    assert shop("remote", "ls")[1].splitlines()[1].split()[:2] == ["origin", str(tmp_path / "team")]
    assert (tmp_path / "team/stook.json").exists()
    assert not list((tmp_path / "team").rglob("probe-*"))


def test_a_place_that_others_use_is_joined(
    shop: Stook, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A context of the same name there is what this one stands for; how many versions it has is said."""
    shop("remote", "add", "./team")
    shop("push")
    monkeypatch.setenv("STOOK_HOME", str(tmp_path / "other"))
    talk = shop("remote", "add", "backup", "./team")[2].splitlines()
    assert talk[:2] == [
        f"backup is the store at {tmp_path / 'team'}",
        "the context 'shop' here is 'shop' there, which has 1 version: they bear the same name",
    ]
    assert talk[-1].startswith("next: stook pull ")
    (known,) = json.loads(shop("remote", "ls", "--json")[1])
    assert (known["name"], known["remote_context"], known["bundles"]) == ("backup", "shop", 1)


def test_who_meant_another_context_is_told(
    shop: Stook, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Where a remote has nothing of this context but of others, adding and pulling name them and what to type."""
    shop("remote", "add", "./team")
    shop("push")
    monkeypatch.setenv("STOOK_HOME", str(tmp_path / "other"))
    words = ("--context", "mine")
    for talk in (shop("remote", "add", "./team", *words)[2], shop("pull", *words)[2]):
        assert "it has nothing of this context, but of shop:" in talk
        assert f"stook clone {tmp_path / 'team'} --context shop" in talk


def test_who_meant_another_context_is_told_the_whole_place(
    shop: Stook, bucket: S3Bucket, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """What is to be typed then has the options that the place was given, so that it works as it is."""
    options = ("--endpoint", bucket.endpoint, "--region", "us-east-1", "--path-style")
    shop("remote", "add", bucket.url, *options)
    shop("push")
    monkeypatch.setenv("STOOK_HOME", str(tmp_path / "other"))
    place = f"{bucket.url} {' '.join(options)}"
    for words in (("remote", "add", bucket.url, *options), ("pull",)):
        talk = shop(*words, "--context", "mine")[2]
        assert f"  stook clone {place} --context shop makes" in talk
        assert f"stook remote add {place} lets" in talk


def test_a_place_of_another_format_is_named(shop: Stook, tmp_path: Path) -> None:
    """Who opens a store or remote that cannot be read is told which place it is."""
    for content, says in ((b'{"format":99}', "has format 99"), (b"{", "cannot be read")):
        (tmp_path / "odd").mkdir(exist_ok=True)
        (tmp_path / "odd/stook.json").write_bytes(content)
        code, _, talk = shop("remote", "add", "./odd")
        assert (code, talk.startswith(f"stook: {tmp_path / 'odd'}: "), says in talk) == (5, True, True)


def test_a_mistyped_remote_is_told_the_near_one(shop: Stook) -> None:
    """Of a name that is nearly that of a remote it is said which may be meant."""
    shop("remote", "add", "backup", "./team")
    for words in (("push", "--remote", "bakcup"), ("ls", "--remote=bakcup"), ("remote", "check", "bakcup")):
        code, _, talk = shop(*words)
        assert (code, talk.splitlines()[-1]) == (4, "  try: did you mean backup?")


def test_a_remote_is_forgotten_and_what_is_there_stays(shop: Stook, tmp_path: Path) -> None:
    """`rm` takes the name away alone; then it is not found, and the hint adds it."""
    shop("remote", "add", "./team")
    assert "what is at" in shop("remote", "rm", "origin")[2]
    assert (tmp_path / "team/stook.json").exists()
    code, _, talk = shop("remote", "show", "origin")
    assert (code, "stook remote add origin URL" in talk) == (4, True)
    assert "stook remote add URL makes one" in shop("remote")[2]


def test_a_bucket_is_shown_with_where_its_credentials_are_from(shop: Stook, bucket: S3Bucket) -> None:
    """The options and the source of the credentials are shown, never a value of them, here or in the store."""
    url = f"{bucket.url}/some/where"
    words = ("remote", "add", "cloud", url, "--endpoint", bucket.endpoint, "--region", "us-east-1")
    code, _, talk = shop(*words)
    assert (code, f"cloud is a new store at {url}" in talk) == (0, True)
    assert "credentials: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY of the environment" in talk
    shown = shop("remote", "show", "cloud")[1]
    assert f"endpoint = {bucket.endpoint}" in shown
    (plain,) = json.loads(shop("remote", "show", "cloud", "--json")[1])
    assert plain["options"] == {"endpoint": bucket.endpoint, "region": "us-east-1"}
    kept = (Path(os.environ["STOOK_HOME"]) / "remotes.json").read_text()
    assert not any(value in kept + shown + talk for key, value in bucket.options.items() if "access" in key)


def test_check_has_a_line_for_each_thing_that_is_tried(shop: Stook, bucket: S3Bucket) -> None:
    """All is ok: code 0, and nothing is left behind."""
    shop("remote", "add", bucket.url, "--endpoint", bucket.endpoint, "--region", "us-east-1")
    code, out, talk = shop("remote", "check")
    lines = [line.split(maxsplit=2) for line in out.splitlines()[1:]]
    assert (code, talk) == (0, "")
    assert [line[0] for line in lines] == ["ok"] * 7
    found = json.loads(shop("remote", "check", "--json")[1])
    assert [one["check"] for one in found] == [
        "reach",
        "list",
        "write",
        "read",
        "conditional write",
        "delete",
    ]


def test_check_of_what_cannot_be_reached_exits_with_6(shop: Stook, bucket: S3Bucket) -> None:
    """A server that is not there is a failed line with what to do, and the code of storage; nothing is said of keys."""
    shop("remote", "add", bucket.url, "--endpoint", bucket.endpoint, "--region", "us-east-1")
    file = Path(os.environ["STOOK_HOME"]) / "remotes.json"
    file.write_text(file.read_text().replace(bucket.endpoint, "http://127.0.0.1:1"))
    code, out, talk = shop("remote", "check")
    assert (code, [line.split()[0] for line in out.splitlines()[1:]]) == (6, ["-", "fail"])
    assert out.splitlines()[2].startswith("fail   reach")
    assert "check the endpoint" in talk


def test_check_says_which_right_is_missing(shop: Stook, bucket: S3Bucket) -> None:
    """What is denied is told from what cannot be reached, by the right that it takes and the role that has it."""
    shop("remote", "add", f"{bucket.url}/a b", "--endpoint", bucket.endpoint, "--region", "us-east-1")
    with record_requests() as server:
        server.status, server.body = 403, b"<Error><Code>AccessDenied</Code></Error>"
        file = Path(os.environ["STOOK_HOME"]) / "remotes.json"
        file.write_text(file.read_text().replace(bucket.endpoint, server.endpoint))
        code, out, talk = shop("remote", "check")
        states = [line.split()[:2] for line in out.splitlines()[2:]]
        assert (code, states) == (6, [["ok", "reach"], ["fail", "list"], ["no", "write"], ["fail", "read"]])
        assert (
            f"list: it takes the right s3:ListBucket; stook remote policy '{bucket.url}/a b' --role reader"
            in talk
        )
        assert "write: it takes the right s3:PutObject; stook" in talk
        kinds = {one["check"]: one["kind"] for one in json.loads(shop("remote", "check", "--json")[1])}
    assert kinds == {"reach": "", "list": "permission", "write": "permission", "read": "permission"}


def test_a_server_that_is_silent_is_given_up(shop: Stook, bucket: S3Bucket) -> None:
    """It would be asked again for a minute; the check says so before."""
    with FaultProxy(bucket.endpoint) as line:
        shop("remote", "add", bucket.url, "--endpoint", line.endpoint, "--region", "us-east-1")
        line.set_faults([ProxyFault("stall-before", key="*", seconds=60)])
        (found,) = check_remote(library.open(), "origin", seconds=0.2)
        line.set_faults()
    assert (found.name, found.ok, found.kind) == ("reach", False, "unreachable")
    assert found.message == f"{bucket.url} gave no answer within 0.2 s"


def test_a_profile_that_is_not_there_is_said(
    shop: Stook, bucket: S3Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever would ask the remote names the profile, and does not take the store there for gone, or calls it ok."""
    shop("remote", "add", bucket.url, "--endpoint", bucket.endpoint, "--region", "us-east-1")
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    for words in (("push",), ("pull",), ("ls", "--remote"), ("remote", "add", "two", f"{bucket.url}/two")):
        code, _, talk = shop(*words)
        assert (code, "no profile 'nobody'" in talk) == (2, True)
    code, out, _ = shop("remote", "check")
    assert (code, [line.split()[:2] for line in out.splitlines()[1:]]) == (
        6,
        [["fail", "credentials"], ["fail", "reach"]],
    )


def test_without_a_remote_it_is_said_how_to_get_one(shop: Stook) -> None:
    """Who pushes or pulls before there is a remote is told both commands that make one."""
    for words in (("push",), ("pull",), ("fetch",), ("ls", "--remote"), ("remote", "check")):
        code, _, talk = shop(*words)
        assert (code, talk.splitlines()[0]) == (4, "stook: the context shop has no remotes")
        assert "stook remote add URL" in talk
        assert "stook clone URL" in talk


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (("add",), 2, "Missing argument"),
        (("add", "a", "b", "c"), 2, "a name and a URL"),
        (("add", "a/b", "team"), 2, "no name"),
        (("add", "second", "full"), 2, "not a store, and not empty"),
        (("add", "s3://user:secret@bucket/x"), 2, "stook"),
        (("add", "origin", "./elsewhere"), 7, "already"),
        (("add", "backup"), 2, "stook remote add ./backup"),
        (("add", "s3:team/data"), 2, "try: write s3://team/data"),
        (("add", "http://minio:9000/data"), 2, "stook remote add s3://data --endpoint http://minio:9000"),
        (("add", "https://a:secret@x/b"), 2, "stook remote add s3://b --endpoint https://x\n"),
        (("add", "https://a:secret@x"), 2, "stook remote add s3://BUCKET --endpoint https://x\n"),
        (("add", "bucket/prefix"), 2, "stook remote add s3://bucket/prefix for a bucket"),
        (("add", "team2", "bucket/prefix"), 2, "stook remote add team2 ./bucket/prefix for a new folder"),
        (("add", "  "), 2, "no path or URL"),
        (("add", "ann@host:/srv/team"), 2, "mount it"),
        (("add", "sftp://host/team"), 2, "mount it"),
        (("add", "nas:/srv/team"), 2, "mount it"),
        (("add", "C:/team"), 2, "mount it"),
        (("add", r"\\nas\team"), 2, "mount it"),
        (("add", "backup", "gdrive://team"), 2, "try: stook remote add backup s3://BUCKET/PREFIX"),
        (("rm", "nothing"), 4, "no remote 'nothing'"),
        (("check", "nothing"), 4, "no remote 'nothing'"),
        (("add", "https://data.s3.eu-west-1.amazonaws.com/x"), 2, "add s3://data/x --region eu-west-1"),
        (("add", "https://s3.amazonaws.com/data/x/"), 2, "stook remote add s3://data/x\n"),
        (("list",), 2, "stook remote ls"),
        (("set-url", "origin", "./x"), 2, "stook remote rm NAME, and stook remote add NAME URL"),
        (("origin",), 2, "stook remote show origin"),
        (("nothing",), 2, "stook remote --help"),
        (("policy", "gs://bucket"), 2, "s3://"),
        (("policy", "s3://"), 2, "bucket"),
    ],
)
def test_odd_words(shop: Stook, tmp_path: Path, words: tuple[str, ...], code: int, says: str) -> None:
    """Each mistake has its code and says what is wrong; the remotes are as they were."""
    (tmp_path / "full").mkdir()
    (tmp_path / "full/thesis.tex").write_text("mine")
    shop("remote", "add", "./team")
    ended, out, err = shop("remote", *words)
    assert (ended, out, says in err, "Traceback" in err) == (code, "", True, False)
    assert "secret" not in err
    assert [one["name"] for one in json.loads(shop("remote", "--json")[1])] == ["origin"]
    assert [file.name for file in (tmp_path / "full").iterdir()] == ["thesis.tex"]


@pytest.mark.parametrize(
    ("typed", "place"),
    [
        (
            "https://eu-west-1.console.aws.amazon.com/s3/buckets/data?region=eu-west-1&prefix=my%20team/&tab=x",
            "'s3://data/my team' --region eu-west-1",
        ),
        ("https://s3.console.aws.amazon.com/s3/buckets/data", "s3://data"),
        ("https://data.s3.amazonaws.com/team?X-Amz-Signature=secret", "s3://data/team"),
        ("data.s3.eu-west-1.amazonaws.com/team", "s3://data/team --region eu-west-1"),
        ("arn:aws:s3:::data/team", "s3://data/team"),
        ("s3a://data/team", "s3://data/team"),
        ("gcs://data/team", "gs://data/team"),
        ("https://storage.googleapis.com/data/team", "gs://data/team"),
        ("https://console.cloud.google.com/storage/browser/data/team;tab=objects?x=y", "gs://data/team"),
        ("https://shop.blob.core.windows.net/data/team?sig=secret", "az://data/team --account shop"),
        ("abfss://data@shop.dfs.core.windows.net/team", "az://data/team --account shop"),
    ],
)
def test_what_a_browser_or_another_tool_calls_a_place(shop: Stook, typed: str, place: str) -> None:
    """An address of a console, or another tool's scheme, is refused with the words for the place that it means."""
    for command in (("remote", "add"), ("clone",)):
        code, _, err = shop(*command, typed)
        assert (code, err.splitlines()[-1]) == (2, f"  try: stook {' '.join(command)} {place}")
        assert "secret" not in err


def test_an_option_that_a_place_does_not_take_is_refused(shop: Stook) -> None:
    """A folder has no region; that is said before anything is made."""
    code, _, err = shop("remote", "add", "./team", "--region", "x")
    assert (code, "region" in err) == (2, True)
    assert not Path("team").exists()
