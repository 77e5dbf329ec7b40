"""The source text of a closure can be kept."""

from __future__ import annotations

from pathlib import Path

from stook.pipeline.closure import Codebase, Entry, Rules, close, read_texts

MAIN = """\
import lib
import stook


@stook.task(
    name="x",
)
def T():
    return lib.f()


lib.TABLE["é"] = 1
x = 1
lib.TABLE["b"] = 2
"""
LIB = "TABLE = {}\r\n\r\n\r\n@property\r\ndef f():\r\n    '''A \x0c feed.'''\r\n    return TABLE\r\n"


def test_texts_of_a_closure(tmp_path: Path) -> None:
    """The entry comes first, then all else by path and line; decorators belong to their function."""
    (tmp_path / "main.py").write_text(MAIN, encoding="utf-8")
    (tmp_path / "lib.py").write_bytes(LIB.encode())
    codebase = Codebase((tmp_path,), (), tmp_path / "cache")
    for _ in range(2):
        texts = read_texts(close([Entry("main", "T")], codebase), codebase)
        assert [(one.key, one.path, one.line) for one in texts] == [
            ("main:T", "main.py", 5),
            ("lib:TABLE", "lib.py", 1),
            ("lib:f", "lib.py", 4),
            ("main:(body)", "main.py", 12),
        ]
        assert texts[0].text == '@stook.task(\n    name="x",\n)\ndef T():\n    return lib.f()\n'
        assert texts[2].text == "@property\ndef f():\n    '''A \x0c feed.'''\n    return TABLE\n"
        assert texts[3].text == 'lib.TABLE["é"] = 1\nlib.TABLE["b"] = 2\n'


def test_whole_files(tmp_path: Path) -> None:
    """Modules and files that count whole come whole; what is no text does not come."""
    (tmp_path / "main.py").write_text("import lib\ndef T(): return getattr(lib, 'f')\n")
    (tmp_path / "lib.py").write_text("def f(): return 1\n")
    (tmp_path / "a.sql").write_text("select 1")
    (tmp_path / "b.bin").write_bytes(b"\xff\xfe\x00")
    codebase = Codebase((tmp_path,), ())
    made = close([Entry("main", "T")], codebase, Rules(includes=("a.sql", "b.bin")))
    texts = {one.key: (one.path, one.line, one.text) for one in read_texts(made, codebase)}
    assert texts == {
        "main:T": ("main.py", 2, "def T(): return getattr(lib, 'f')\n"),
        "lib:*": ("lib.py", 1, "def f(): return 1\n"),
        "a.sql:*": ("a.sql", 1, "select 1"),
    }
    assert "b.bin:*" in made.code


def test_code_outside_of_the_workspace(tmp_path: Path) -> None:
    """A file that is elsewhere has its whole path."""
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "mine.py").write_text("def f(): return 1\n")
    (tmp_path / "project").mkdir()
    (tmp_path / "project" / "main.py").write_text("import mine\ndef T(): return mine.f()\n")
    codebase = Codebase((tmp_path / "project",), (str(tmp_path / "elsewhere"),))
    texts = read_texts(close([Entry("main", "T")], codebase), codebase)
    assert [one.path for one in texts] == ["main.py", str(tmp_path / "elsewhere" / "mine.py")]
