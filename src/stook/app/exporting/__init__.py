"""Bundles as plain files for people and engines without Stook: in a folder, or in a bucket."""

from stook.app.exporting.manifest import Column, ExportedFile, ExportedTable
from stook.app.exporting.writing import FORMATS, Exported, export

__all__ = ["FORMATS", "Column", "Exported", "ExportedFile", "ExportedTable", "export"]
