"""The closure of a task: every definition of the project that its result may depend on, found without running it.

`closing` gives a closure, from the cache or by a `walk` from an `entry`, with what `rules` add and take out once they
are held against the code (`scope`). The walk asks of names what they stand for (`lookup`, in a `module` of the
`codebase`), of modules what importing them does (`effects`, `order`), and which of Stook's own count (`stook_code`).
The codebase knows where modules are (`finding`), versions of `packages`, and facts of files, `kept` in the cache; what
it has looked at are `sights`.

What the text of one file tells is found by `taking_apart`; `texts` are the source, for people to read.
"""

from stook.pipeline.closure.closing import Closure, close
from stook.pipeline.closure.codebase import Codebase, Kind
from stook.pipeline.closure.entry import Entry, packages_in
from stook.pipeline.closure.rules import Rules
from stook.pipeline.closure.texts import CodeText, read_texts

__all__ = ["Closure", "CodeText", "Codebase", "Entry", "Kind", "Rules", "close", "packages_in", "read_texts"]
