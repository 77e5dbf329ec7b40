"""Packs under writers and collectors: where chunks are, who may rely on them, and who holds what."""
