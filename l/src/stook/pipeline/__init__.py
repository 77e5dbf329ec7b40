"""Tasks, the graph they pull in, fingerprints, and the runner."""
