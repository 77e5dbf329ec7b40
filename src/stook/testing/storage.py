"""The promise of `stook.storage.Storage` as a test suite, for anyone who writes a storage."""

from __future__ import annotations

from stook.testing.storage_listing import ListingTests
from stook.testing.storage_races import RacingTests
from stook.testing.storage_reading import ReadingTests
from stook.testing.storage_writing import WritingTests

__all__ = ["ListingTests", "RacingTests", "ReadingTests", "StorageTests", "WritingTests"]


class StorageTests(ReadingTests, WritingTests, ListingTests, RacingTests):
    """What every storage must pass: subclass this, and give a fixture `storage` that is empty at first.

    ```python
    class TestMine(StorageTests):
        @pytest.fixture
        def storage(self):
            return MyStorage(...)
    ```
    """
