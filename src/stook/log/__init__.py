"""Append-only records by writer: the truth of a repository."""

from stook.log.folder import FolderLog
from stook.log.lines import WHOLE, Damage, Line, Log, Reached
from stook.log.objects import ObjectLog

__all__ = ["WHOLE", "Damage", "FolderLog", "Line", "Log", "ObjectLog", "Reached"]
