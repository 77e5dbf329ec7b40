"""Append-only records by writer: the truth of a repository."""

from stook.log.folder import FolderLog
from stook.log.lines import Damage, Line, Log
from stook.log.objects import ObjectLog

__all__ = ["Damage", "FolderLog", "Line", "Log", "ObjectLog"]
