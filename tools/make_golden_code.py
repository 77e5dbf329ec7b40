"""Write a small store of results whose code was kept with them, the same bytes each time, for later releases to read.

    python -m tools.make_golden_code FOLDER [DEFINITIONS]

Digests of so many definitions are recorded of each result, 1 by default; those of many are kept apart. FOLDER gets
`store/`, `expected.json` (what is in each bundle) and `code.json` (the code of each, by id).
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path
from typing import Any

import msgspec
from blake3 import blake3

from stook.app.code import find_texts
from stook.format import code_texts
from stook.model.code import CodeTexts, Definition
from stook.model.lineage import Asked, Environment, Input, Lineage, Read
from stook.store import Bundle, Store
from tools import make_golden

SHORT = CodeTexts(
    (
        Definition("shop:Totals", "shop.py", 3, "class Totals(stook.Task):\n    '''é'''\n"),
        Definition("shop:rate", "shop.py", 1, "rate = 0.19\n"),
    ),
    folder="shop",
    commit="0f" * 20,
    diff="diff --git a/shop.py b/shop.py\n--- a/shop.py\n+++ b/shop.py\n@@ -1 +1 @@\n-rate = 0.16\n+rate = 0.19\n",
    files={"new.py": "x = 1\n"},
    cut=("long.py",),
)
LONG = CodeTexts(
    tuple(Definition(f"long:f{n}", "long.py", n, f"def f{n}(): return {n * n}\n") for n in range(1, 3_001))
)


def main(arguments: list[str]) -> int:
    """Write the store and what to expect of it."""
    if len(arguments) not in {1, 2}:
        sys.exit(__doc__)
    folder = Path(arguments[0])
    folder.mkdir(parents=True)
    expected, code = make(folder / "store", *map(int, arguments[1:]))
    for name, facts in (("expected.json", expected), ("code.json", code)):
        (folder / name).write_text(json.dumps(facts, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return 0


def make(root: Path, definitions: int = 1) -> tuple[dict[str, Any], dict[str, Any]]:
    """Write the store into a new folder; return what is in its bundles, and their code."""
    with tempfile.TemporaryDirectory() as place:
        store = make_golden.new_store(root, Path(place) / "cache")
        made = _fill(store, definitions)
        expected = {bundle.id: make_golden.expect(bundle) for bundle in made}
        code = {bundle.id: describe(bundle) for bundle in made}
        store.close()
    make_golden.settle(root)
    (root / ".writers").unlink(missing_ok=True)
    return expected, code


def describe(bundle: Bundle) -> dict[str, Any]:
    """Return the digest and the end of a bundle's code, and what its task met while it ran, as plain JSON."""
    lineage, code = bundle.lineage, find_texts(bundle)
    met = {name: getattr(lineage, name) for name in ("reads", "env", "asked", "run", "version", "spec")}
    if code is not None:
        met |= {"digest": blake3(code_texts.dump(code)).hexdigest(), "last": code.definitions[-1]}
    plain: dict[str, Any] = msgspec.to_builtins(met)
    return plain


def _fill(store: Store, definitions: int) -> list[Bundle]:
    raw = store.add("raw", [3, 1])
    used = (Input("raw", "raw", raw.id, raw.digest, item="part", part="day=1"),)
    lineage = Lineage(
        task="shop:Totals",
        fingerprint="5a" * 32,
        code={"shop:Totals": "1b" * 32} | {f"shop:f{n:03}": f"{n:064x}" for n in range(1, definitions)},
        inputs=used,
        environment=Environment(git_commit="0f" * 20, git_dirty=True),
        version="2",
        reads=(Read("rates.csv", "2c" * 32), Read("in", "", is_folder=True)),
        env={"REGION": "3d" * 32, "UNSET": ""},
        asked=(Asked({"module": "shop", "name": "Part"}, "raw", raw.id, raw.digest),),
        run="calm-sea-a1b",
        spec={"module": "shop", "name": "Totals", "params": {}},
    )
    made = [raw]
    for name, code in (("totals", SHORT), ("totals", SHORT), ("long", LONG)):
        with store.draft(name, lineage=lineage, code=code_texts.dump(code)) as draft:
            draft.set(len(made))
        made.append(draft.bundle)
    return made


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
