"""Data on its way out: from a data tree to values, files and descriptions of what is there."""
