"""Data on its way in: from values, files and folders to a data tree, with each byte handed to the chunk writer."""
