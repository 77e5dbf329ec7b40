"""Other repositories that a store sends bundles to and gets them from.

A remote is a repository like any other, opened beside the store with a catalog of its own. What it has is known from
that catalog, as of the last time that it was asked; nothing else is kept about it that could be wrong.

- Which remotes there are: `config`, `adding`, `cloning`; which may get tokens: `confirmed`; one that is open: `remote`;
  its contexts: `mapping`.
- What it has: `fetch`, `status`; whose data is not here: `absent`.
- `push`: `choosing` (which bundles), `outgoing` (what is not there), `packs_at` (which chunks are), `sending`, `hints`.
- `pull`: `resolving` (which bundles), `incoming` (not here), `elsewhere` (here in another context), `taking`,
  `descriptions`, `refused` (what is left).
- Records of many bundles in little memory and time: `heads`, `decoded`.
- Chunks, both ways: `transfer`, with `wanted`, `whole`, `tiny` and `lanes`; on their way here: `carrying`; when they
  are read: `backing`, with `source` and `turns`. Aliases: `aliasing`, `diverged`.
"""
