"""Stook: from an empty folder to predictions an application reads; every result is a versioned bundle."""
