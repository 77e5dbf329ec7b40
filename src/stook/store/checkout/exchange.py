"""Two names change places at once, where the system can do that."""

from __future__ import annotations

import errno
import os
import sys

__all__ = ["exchange"]

_SWAP = 2  # RENAME_EXCHANGE of renameat2(2), and RENAME_SWAP of renameatx_np(2)
_FUNCTIONS = {"linux": "renameat2", "darwin": "renameatx_np"}
_CANNOT = frozenset({errno.ENOSYS, errno.EINVAL, errno.EOPNOTSUPP, errno.ENOTSUP})


def exchange(folder: int, name: str, other_folder: int, other_name: str) -> bool:
    """Exchange two entries of open folders; return False, with nothing done, where that cannot be.

    Raises:
        OSError: It could be, and failed.
    """
    import ctypes

    function = getattr(ctypes.CDLL(None, use_errno=True), _FUNCTIONS.get(sys.platform, ""), None)
    if function is None:
        return False
    function.argtypes = [ctypes.c_int, ctypes.c_char_p, ctypes.c_int, ctypes.c_char_p, ctypes.c_uint]
    if function(folder, os.fsencode(name), other_folder, os.fsencode(other_name), _SWAP) == 0:
        return True
    error = ctypes.get_errno()
    if error in _CANNOT:
        return False
    raise OSError(error, os.strerror(error), other_name)
