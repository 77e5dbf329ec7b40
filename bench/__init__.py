"""Measurements, each beside a bound that is measured in the same run: `uv run python -m bench [NAME…]`."""
