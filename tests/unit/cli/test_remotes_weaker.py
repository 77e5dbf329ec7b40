"""Remotes on servers that ignore conditions: refused, unless the weaker mode is asked for."""

from __future__ import annotations

import json
import threading
import urllib.request
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import make_server

from tests.unit.cli.conftest import Stook


@pytest.fixture(scope="module")
def forgetful() -> Iterator[str]:
    """The endpoint of a server with the bucket `team` that writes whatever a condition says."""
    moto = DomainDispatcherApplication(create_backend_app)

    def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        for header in ("HTTP_IF_NONE_MATCH", "HTTP_IF_MATCH"):
            environ.pop(header, None)
        answer: Iterable[bytes] = moto(environ, start_response)
        return answer

    server = make_server("127.0.0.1", 0, application, threaded=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    endpoint = f"http://127.0.0.1:{server.port}"
    request = urllib.request.Request(f"{endpoint}/team", method="PUT")  # noqa: S310 - it is http
    with urllib.request.urlopen(request, timeout=30):  # noqa: S310
        yield endpoint
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def shop(stook: Stook, monkeypatch: pytest.MonkeyPatch) -> Stook:
    """A workspace with a version, and credentials."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "a")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "b")
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    stook("init", "--context", "shop")
    Path("a.txt").write_text("hello\n")
    stook("add", "notes", "a.txt")
    return stook


def test_a_server_that_ignores_conditions_is_refused(shop: Stook, forgetful: str) -> None:
    """Adding it fails with the code of storage and leaves no remote; what is suggested asks for the weaker mode."""
    words = ("remote", "add", "s3://team/refused", "--endpoint", forgetful)
    code, out, err = shop(*words)
    assert (code, out, "ignores conditions" in err) == (6, "", True)
    assert json.loads(shop("remote", "--json")[1]) == []
    assert err.splitlines()[-1].endswith("the same with --no-conditional-writes")
    assert shop(*words, "--no-conditional-writes")[0] == 0


def test_the_weaker_mode_works_and_is_shown(shop: Stook, forgetful: str) -> None:
    """Asked for, it is kept with the remote, and said; push and aliases work, and garbage is not collected."""
    words = ("remote", "add", "s3://team/weaker", "--endpoint", forgetful, "--no-conditional-writes")
    assert shop(*words)[0] == 0
    assert "option       conditional_writes = false" in shop("remote", "show")[1]
    assert shop("push", "notes")[0] == 0
    for _ in range(2):
        assert shop("alias", "--remote", "prod", "notes")[0] == 0
    assert shop("cat", "--remote", "notes@prod")[1] == "hello\n"
    code, out, _ = shop("remote", "check")
    assert (code, "who writes last wins" in out) == (0, True)
    code, out, err = shop("gc", "--remote", "--yes")
    assert (code, out, "nothing can be freed at s3://team/weaker" in err) == (6, "", True)


def test_who_clones_from_such_a_server_is_asked_too(
    shop: Stook, forgetful: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Else two of their processes could write over one another; with the mode asked for, it is a clone as any."""
    place = ("s3://team/cloned", "--endpoint", forgetful)
    shop("remote", "add", *place, "--no-conditional-writes")
    shop("push", "notes")
    monkeypatch.setenv("STOOK_HOME", str(tmp_path / "another"))
    code, _, err = shop("clone", *place, "copy")
    assert (code, "ignores conditions" in err) == (6, True)
    assert shop("clone", *place, "copy", "--no-conditional-writes")[0] == 0
