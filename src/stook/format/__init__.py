"""Bytes to model and back, repository format v1; `docs/reference/format/v1.md` is its specification."""
