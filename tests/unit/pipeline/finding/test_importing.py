"""What is imported is what the source says."""

from __future__ import annotations

import importlib
import os
import py_compile
import sys
from pathlib import Path

import pytest

from stook.pipeline.finding.importing import importable


@pytest.mark.parametrize("is_linked", [False, True])
def test_old_bytecode_is_not_taken_for_new_source(tmp_path: Path, is_linked: bool) -> None:
    """A file that took the place of another, with its size and time, is compiled anew; so is one behind a link."""
    name = f"put_back_{is_linked:d}"
    module, other = tmp_path / f"{name}.py", tmp_path / "other"
    module.write_text("V = 1\n")
    other.write_text("V = 2\n")
    for file in (module, other):
        os.utime(file, (1e9, 1e9))
    py_compile.compile(str(module))
    module.unlink()
    if is_linked:
        module.symlink_to(other)
    else:
        other.rename(module)
    importlib.invalidate_caches()
    try:
        with importable((tmp_path,)):
            assert importlib.import_module(name).V == 2
    finally:
        sys.modules.pop(name, None)


def test_what_was_added_to_the_path_is_gone_afterwards(tmp_path: Path) -> None:
    """Also within another such block, and where the code in it raised or took an entry away itself."""
    before = [*sys.path], [*sys.meta_path]
    with importable((tmp_path, tmp_path / "src")):
        assert sys.path[:2] == [str(tmp_path), str(tmp_path / "src")]
        with importable((tmp_path, tmp_path / "lib")):
            assert sys.path[0] == str(tmp_path / "lib")
            sys.path.remove(str(tmp_path / "lib"))
        with pytest.raises(ImportError), importable((tmp_path, tmp_path / "lib")):
            importlib.import_module("no_such_module")
        assert sys.path[:2] == [str(tmp_path), str(tmp_path / "src")]
    assert (sys.path, sys.meta_path) == before


def test_bytecode_of_a_settled_file_stays(tmp_path: Path) -> None:
    """Bytecode made well after its source changed last is used as it is."""
    name = "settled_file"
    module = tmp_path / f"{name}.py"
    module.write_text("V = 1\n")
    bytecode = Path(py_compile.compile(str(module)) or "")
    later = module.stat().st_ctime + 60
    os.utime(bytecode, (later, later))
    importlib.invalidate_caches()
    try:
        with importable((tmp_path,)):
            importlib.import_module(name)
    finally:
        sys.modules.pop(name, None)
    assert bytecode.stat().st_mtime == later
