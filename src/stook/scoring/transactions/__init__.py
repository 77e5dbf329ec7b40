"""Transaction files as they are found in the world, read into one typed table.

`read_transactions` keeps every row: the accepted ones typed, the others with the reason why not.
"""

from stook.scoring.transactions.columns import RoleColumn, parse_columns
from stook.scoring.transactions.history import check_history
from stook.scoring.transactions.reader import Ingested, read_transactions
from stook.scoring.transactions.reasons import REASONS, count_reasons

__all__ = [
    "REASONS",
    "Ingested",
    "RoleColumn",
    "check_history",
    "count_reasons",
    "parse_columns",
    "read_transactions",
]
