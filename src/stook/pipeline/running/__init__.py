"""Running: who knows what is to be done, who does it, and how one task is done.

The `scheduler` works a graph off on its `board`: it knows which tasks are meant (`choosing`), what they are `given`,
what is to be done about each (`deciding`), and what came of it (`outcomes`, `results`). Those that must run go by
`handing_out` to an executor, as far as the `budget` and the `leases` of other runs let them: to this process
(`inline`), or to `processes` of their own. `performing` one is the same in all of them.
"""
