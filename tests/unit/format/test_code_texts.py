"""The source text that made a bundle, as JSON."""

from __future__ import annotations

import pytest

from stook.errors import FormatError
from stook.format import code_texts, manifests
from stook.format.encoding import to_json
from stook.model.code import CodeTexts, Definition
from stook.model.lineage import Lineage
from stook.model.record import Manifest
from stook.model.tree import Blob, Dict

ONE = Definition("m:f", "m.py", 3, "def f():\n    return 'é'\n")


def test_it_comes_back_as_it_was() -> None:
    """What was dumped is loaded, with all of its parts."""
    code = CodeTexts(
        (ONE,), folder="a/b", commit="0" * 40, diff="-x\n+y\n", files={"n.py": "1", "a.py": ""}, cut=("z",)
    )
    assert code_texts.load(code_texts.dump(code)) == code


def test_the_same_code_is_the_same_bytes() -> None:
    """The order in which files were read does not count, so that tasks share one copy."""
    files = {"b.py": "1", "a.py": "2"}
    turned = dict(reversed(files.items()))
    assert code_texts.dump(CodeTexts((ONE,), files=files)) == code_texts.dump(CodeTexts((ONE,), files=turned))


def test_half_a_surrogate_pair_is_no_obstacle() -> None:
    """Source that cannot be encoded is kept but for that letter."""
    kept = code_texts.load(code_texts.dump(CodeTexts((Definition("m:f", "m.py", 1, "x = '\udc80'"),))))
    assert kept.definitions[0].text == "x = '?'"


def test_unknown_fields_are_passed_over() -> None:
    """A later version may say more."""
    assert code_texts.load(b'{"definitions":[],"new":[1]}') == CodeTexts(())


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[]",
        b"\xff",
        b'{"definitions":3}',
        b'{"definitions":[],"files":{"../up.py":""}}',
        b'{"definitions":[],"files":{"/etc/x":""}}',
        b'{"definitions":[],"folder":".."}',
        b'{"definitions":[],"commit":"--upload-pack=x"}',
        b'{"definitions":[' + b'{"key":"","path":"","line":0,"text":""},' * 200_001 + b"]}",
    ],
)
def test_what_is_not_sound_is_refused(data: bytes) -> None:
    """Code that a stranger wrote leads to no path outside, to no option of Git, and to no flood."""
    with pytest.raises(FormatError, match="cannot be read"):
        code_texts.load(data)


@pytest.mark.parametrize(
    "blob",
    [
        Blob(10, "no digest"),
        Blob(10, "0" * 64, chunks=("../../etc",)),
        Blob(17 * 1024 * 1024, "0" * 64, chunks=("0" * 64, "1" * 64)),
    ],
)
def test_a_description_that_points_at_no_code_is_refused(blob: Blob) -> None:
    """Where the code is, is checked as all of a description is, and it is not longer than code may be."""
    with pytest.raises(FormatError, match="not sound"):
        manifests.load(to_json(Manifest(Dict(()), lineage=Lineage(code_blob=blob))))
