"""How two tables, arrays or models differ, from their descriptions: nothing is loaded but a footer or a header."""

from __future__ import annotations

from stook.model.tree import Object
from stook.store.codec import TableShape
from stook.store.diffing.difference import TableChange, ValueChange
from stook.store.diffing.values import diff_mappings
from stook.store.reading.describing import item_facts
from stook.store.repository import Repository

__all__ = ["diff_facts", "diff_tables"]


def diff_tables(old: TableShape, new: TableShape, *, is_same_content: bool) -> TableChange:
    """Compare two tables by their columns and rows."""
    olds, news = dict(old.columns), dict(new.columns)
    both = [name for name in olds if name in news]
    return TableChange(
        added=tuple(column for column in new.columns if column[0] not in olds),
        removed=tuple(column for column in old.columns if column[0] not in news),
        retyped=tuple((name, olds[name], news[name]) for name in both if olds[name] != news[name]),
        is_reordered=both != [name for name in news if name in olds],
        old_rows=old.rows,
        new_rows=new.rows,
        is_same_content=is_same_content,
    )


def diff_facts(
    old: Object, new: Object, old_repository: Repository, new_repository: Repository
) -> tuple[ValueChange, ...]:
    """Return what differs in the descriptions of two objects of a kind.

    Raises:
        IntegrityError: One is damaged.
    """
    return tuple(diff_mappings(item_facts(old_repository, old), item_facts(new_repository, new)))
