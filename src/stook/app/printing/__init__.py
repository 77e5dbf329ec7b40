"""The content of a bundle as text, a part at a time."""

from stook.app.printing.documents import iter_json
from stook.app.printing.text import iter_content, iter_csv

__all__ = ["iter_content", "iter_csv", "iter_json"]
