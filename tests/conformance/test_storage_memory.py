"""The storage in memory keeps the promise of every storage."""

from __future__ import annotations

import pytest

from stook.storage import Storage, open_storage
from stook.testing import StorageTests


class TestMemory(StorageTests):
    """The suite, in memory."""

    @pytest.fixture
    def storage(self) -> Storage:
        """A new memory."""
        return open_storage("memory:")
