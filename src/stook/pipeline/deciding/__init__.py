"""Whether a result is there: fingerprints, what earlier runs met held against the world now, and reasons.

`decide` asks for bundles with the `fingerprint`, and takes the newest one where what it has `met` is as it was: files
that are `declared` or otherwise named (`named_files`, by `literals` in the code), and `variables`. Where there is none,
`reasons` say why.
"""
