"""LightGBM boosters, in LightGBM's own text format."""

from __future__ import annotations

import json
import re
from typing import Any, BinaryIO

from blake3 import blake3

from stook.errors import InputError, IntegrityError, MissingExtraError
from stook.format import canonical
from stook.store.codec import Encoded, Source

__all__ = ["CODEC", "LightgbmCodec", "import_lightgbm"]

_CONTEXT = "stook v1 object"
_PARAMETERS = re.compile(rb"\nparameters:.*?\nend of parameters\n", re.DOTALL)


def import_lightgbm() -> Any:
    """Return the lightgbm module.

    Raises:
        MissingExtraError: It, or the OpenMP library that it needs, is not installed.
    """
    try:
        import lightgbm
    except ImportError as error:
        raise MissingExtraError(
            "lightgbm is not installed", kind="missing-extra", hint="pip install 'stook[learn]'"
        ) from error
    except OSError as error:
        raise MissingExtraError(
            f"lightgbm cannot start: {error}", kind="missing-library", hint="apt-get install libgomp1"
        ) from error
    return lightgbm


class LightgbmCodec:
    """Keeps a Booster with all its trees, its categories and its best iteration."""

    kind = "lightgbm"
    suffix = ".txt"

    def dump(self, value: object, out: BinaryIO) -> Encoded:
        """Write a Booster to `out` as text.

        The digest leaves out the training parameters (threads, paths, ports): trees that predict the same are the same.

        Raises:
            InputError: It is another LightGBM object, such as the scikit-learn wrapper.
        """
        lightgbm = import_lightgbm()
        if not isinstance(value, lightgbm.Booster):
            raise InputError(
                f"a {type(value).__module__}.{type(value).__qualname__} is not a Booster",
                kind="bad-model",
                hint="store model.booster_ of a fitted LGBMRegressor or LGBMClassifier",
            )
        text = value.model_to_string(num_iteration=-1).encode()
        out.write(text)
        best = int(value.best_iteration)
        return Encoded(_digest(text, best), {"best_iteration": best, "text": blake3(text).hexdigest()})

    def load(self, source: Source, meta: dict[str, object]) -> object:
        """Return the Booster; it predicts what it predicted.

        The text is checked before LightGBM sees it: its parser ends the whole process on some broken texts.

        Raises:
            IntegrityError: The text is not the one that was stored.
            MissingExtraError: lightgbm is not installed.
        """
        lightgbm = import_lightgbm()
        text = source.read()
        _check(text, meta)
        try:
            booster = lightgbm.Booster(model_str=text.decode())
        except (lightgbm.basic.LightGBMError, ValueError, KeyError, IndexError) as error:
            raise _damaged(str(error)) from error
        booster.best_iteration = _best(meta)
        return booster

    def digest(self, source: Source, meta: dict[str, object]) -> str:
        """Return what `dump` would say is the digest of a stored model. LightGBM is not needed.

        Raises:
            IntegrityError: The text is not the one that was stored.
        """
        text = source.read()
        _check(text, meta)
        return _digest(text, _best(meta))


CODEC = LightgbmCodec()


def _digest(text: bytes, best: int) -> str:
    return canonical.digest(_CONTEXT, b"lightgbm", _PARAMETERS.sub(b"\n", text), str(max(best, 0)).encode())


def _best(meta: dict[str, object]) -> int:
    best = meta.get("best_iteration")
    return best if isinstance(best, int) else -1


def _check(text: bytes, meta: dict[str, object]) -> None:
    if meta.get("text") != blake3(text).hexdigest():
        raise _damaged("it is not the text that was written")
    sizes = re.search(rb"\ntree_sizes=([\d ]*)\n\n", text)
    if not text.startswith(b"tree\n") or sizes is None:
        raise _damaged("it does not begin as a model does")
    position = sizes.end()
    for number, size in enumerate(map(int, sizes.group(1).split())):
        block = text[position : position + size]
        if not block.startswith(b"Tree=%d\n" % number) or b"\nleaf_value=" not in block:
            raise _damaged(f"its tree {number} is not where it should be")
        position += size
    if not text.startswith(b"end of trees\n", position):
        raise _damaged("its trees do not end where they should")
    try:
        json.loads(text.rpartition(b"\npandas_categorical:")[2])
    except ValueError as error:
        raise _damaged("its categories cannot be read") from error


def _damaged(reason: str) -> IntegrityError:
    return IntegrityError(
        f"the stored LightGBM model is damaged: {reason}",
        kind="bad-model",
        hint="stook verify --deep",
    )
