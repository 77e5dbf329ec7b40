"""What is seen of a transfer by somebody who sits at a terminal, and what Ctrl-C leaves."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from stook.testing.fault_proxy import FaultProxy
from stook.testing.proxy_faults import ProxyFault
from tests.servers.moto_s3 import S3Bucket
from tests.unit.cli.conftest import Stook

_COMMAND = [sys.executable, "-c", "from stook.cli.main import main; main()"]
_SIZE = 6_000_000


@pytest.fixture
def line(s3_bucket: S3Bucket) -> Iterator[FaultProxy]:
    """A line to a bucket on which what is added here takes a second."""
    with FaultProxy(s3_bucket.endpoint, bandwidth=_SIZE) as proxy:
        yield proxy


@pytest.fixture
def shop(stook: Stook, s3_bucket: S3Bucket, line: FaultProxy, monkeypatch: pytest.MonkeyPatch) -> Stook:
    """A workspace with a version of 6 MB to push over that line."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", s3_bucket.options["access_key_id"])
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", s3_bucket.options["secret_access_key"])
    stook("init", "--context", "shop")
    Path("large.bin").write_bytes(os.urandom(_SIZE))
    stook("add", "large", "large.bin")
    words = ("remote", "add", s3_bucket.url, "--endpoint", line.endpoint, "--region", "us-east-1")
    assert stook(*words)[0] == 0
    return stook


def test_a_bar_shows_bytes_rate_and_time_left_and_goes_away(shop: Stook) -> None:
    """While a push goes on there is a bar, at once with all that is to go; after it only the sum of it."""
    seen = _seen("push", "large")
    assert re.search(r"sending .* 0 B of 5\.7 MiB", seen)
    assert re.search(r"sending .*[0-9.]+ MiB of 5\.7 MiB .*[0-9.]+ [KM]iB/s +[0-9.]+ s left", seen)
    assert re.search(
        r"pushed large@[0-9A-Z]{8} to origin: 5\.7 MiB in 1 pack, [0-9.]+ s, [0-9.]+ MiB/s", seen
    )
    assert "\x1b[" not in seen.splitlines()[-1].split("pushed")[-1]


def test_there_is_no_bar_where_nobody_looks(shop: Stook) -> None:
    """Without a terminal, or with --json, there is nothing but the result."""
    code, out, talk = shop("push", "large", "--json")
    assert (code, out[0], talk) == (0, "{", "")
    assert len(shop("push", "large")[2].splitlines()) == 1


def test_ctrl_c_is_answered_in_a_line_and_the_same_command_goes_on(shop: Stook, line: FaultProxy) -> None:
    """The code is 130, nobody sees a half of the push, and run again it is done."""
    push = subprocess.Popen([*_COMMAND, "push", "large"], stderr=subprocess.PIPE, text=True)
    while push.poll() is None and not _is_sending(line):
        time.sleep(0.02)
    push.send_signal(signal.SIGINT)
    _, talk = push.communicate(timeout=60)
    assert (push.returncode, talk) == (
        130,
        "stook: interrupted; the same command goes on where this one stopped\n",
    )
    assert shop("ls", "--remote")[0] == 4
    assert shop("push", "large")[0] == 0
    assert shop("ls", "--remote")[1].splitlines()[1].startswith("large")


@pytest.mark.parametrize(
    ("words", "key"),
    [
        (("fetch",), "*/stook.json"),
        (("ls", "--remote"), "*/stook.json"),
        (("cat", "--remote", "large"), "*/packs/*"),
    ],
)
def test_ctrl_c_does_not_wait_for_a_silent_remote(
    shop: Stook, line: FaultProxy, words: tuple[str, ...], key: str
) -> None:
    """What asks a remote, or reads from it, ends seconds after Ctrl-C, whatever it waits for."""
    assert shop("push", "large")[0] == 0
    line.set_faults([ProxyFault("stall-before", key=key, seconds=60)])
    process = subprocess.Popen([*_COMMAND, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    while process.poll() is None and not any(one.fault for one in line.requests):
        time.sleep(0.02)
    started = time.monotonic()
    process.send_signal(signal.SIGINT)
    _, talk = process.communicate(timeout=100)
    line.set_faults()
    assert (process.returncode, talk.strip()) == (130, b"stook: interrupted; what was finished is kept")
    assert time.monotonic() - started < 20


def _is_sending(line: FaultProxy) -> bool:
    """Tell whether a part of a pack has gone over."""
    return any(one.method == "PUT" and one.path.endswith(".pack") and one.sent for one in line.requests)


def _seen(*words: str) -> str:
    """Return what is on a terminal of 100 columns after a command that succeeds."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 100, 0, 0))
    environ = {**os.environ, "TERM": "xterm"}
    process = subprocess.Popen([*_COMMAND, *words], stdin=theirs, stdout=theirs, stderr=theirs, env=environ)
    os.close(theirs)
    shown = b""
    try:
        while part := os.read(ours, 65536):
            shown += part
    except OSError:  # Linux says so where the other end is closed
        pass
    os.close(ours)
    assert process.wait(timeout=60) == 0
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", shown.decode().replace("\r", "\n"))
