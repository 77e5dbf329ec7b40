"""Code that lives in a process alone: what is typed into a notebook, and modules whose files went on without it.

Notebooks: `closing` gives a task's closure by a `walk` through its names (`own_names`), with the source of `cells`, and
digests of `definitions` and `values`, told apart by `marks`; what is not its own is `elsewhere`.
Files: `imported` makes sure that modules are what their files say; where they are not, `edited` tells by its
`code_shape` which code is another by now.
"""
