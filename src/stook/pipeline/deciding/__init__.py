"""Whether a result is there: fingerprints, what earlier runs met held against the world now, and reasons."""
