"""One file of Python taken apart: what it defines, imports and does, told from its text alone.

`take_apart` has the statements sorted (`sorting`, by `statements`) and looks at each: at its code (`scan`), as a
task's (`as_task`), and at what it does while it is imported (`at_import`). A scan writes a `normal_form`
(`expressions`, `scopes`, `annotations`, `left_out`) and collects `names` on its way (`imports`, `dynamic`, `renamed`).
What comes of it are `facts`.
"""
