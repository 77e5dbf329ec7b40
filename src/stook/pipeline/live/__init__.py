"""Code that lives in a process alone: what is typed into a notebook, and modules whose files went on without it."""
