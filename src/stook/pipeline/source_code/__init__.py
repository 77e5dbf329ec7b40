"""The text of the code that made a result: found, kept with its commit, and read back."""
