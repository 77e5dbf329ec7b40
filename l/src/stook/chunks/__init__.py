"""Bytes in content-defined pieces: split, hash, compress, pack, and read back."""
