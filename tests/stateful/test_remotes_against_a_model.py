"""Two stores and their remote do what a plain model of them does, whatever goes over, and fails, in between."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import timedelta

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import rule, run_state_machine_as_test

from stook.store import Store
from stook.store.gc import collect
from tests.servers.moto_s3 import S3Bucket
from tests.stateful.team import TeamMachine
from tests.stateful.trapped_scheme import PLACES, installed
from tests.stateful.traps import trapped
from tests.unit.store.aging import HOUR, AgingStorage

_LIGHT = settings(max_examples=max(8, settings().max_examples // 12), stateful_step_count=20, deadline=None)
_FEW = settings(max_examples=max(2, settings().max_examples // 40), stateful_step_count=15, deadline=None)


@pytest.fixture(scope="module", autouse=True)
def _scheme(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Bring the scheme of the bucket."""
    with installed(tmp_path_factory.mktemp("installed")):
        yield


class FolderMachine(TeamMachine):
    """The remote is a folder, where garbage goes at once."""

    def place(self) -> str:
        """See `TeamMachine.place`."""
        return str(self.folder / "remote")


class BucketMachine(TeamMachine):
    """The remote is a bucket whose operations fail, and where garbage goes when the grace is over."""

    def __init__(self) -> None:
        super().__init__()
        self.storage = AgingStorage()
        self.name = uuid.uuid4().hex

    def place(self) -> str:
        """See `TeamMachine.place`."""
        url = f"trapped:{self.name}"
        PLACES[self.name] = trapped(self.storage, self.trap, url)
        return url

    def collect_remote(self, there: Store) -> None:
        """See `TeamMachine.collect_remote`."""
        collect(there.repository, grace=timedelta(hours=2), wait=0.0)

    @rule(hours=st.sampled_from([1, 3, 30]))
    def wait(self, hours: int) -> None:
        """Let time pass for the storage, while nobody writes."""
        self.storage.now += hours * HOUR

    def teardown(self) -> None:
        """See `TeamMachine.teardown`."""
        super().teardown()
        PLACES.pop(self.name, None)


TestFolder = FolderMachine.TestCase
TestFolder.settings = _LIGHT
TestBucket = BucketMachine.TestCase
TestBucket.settings = _LIGHT


def test_on_a_server(s3_bucket: S3Bucket, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same with a bucket of a server."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", s3_bucket.endpoint)
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIATESTKEYID")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "of-nobody")

    class ServerMachine(TeamMachine):
        def place(self) -> str:
            return f"{s3_bucket.url}/{uuid.uuid4().hex}"

    run_state_machine_as_test(ServerMachine, settings=_FEW)
