"""Bundles of other tools into a store: of Disdat's contexts, with names, tags, parameters and lineage."""

from stook.app.importing.disdat import import_disdat
from stook.app.importing.outcome import Imported, ImportedBundle, NotImported

__all__ = ["Imported", "ImportedBundle", "NotImported", "import_disdat"]
