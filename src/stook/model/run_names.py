"""Ids of runs that can be spoken and remembered: `amber-otter-3f2`."""

from __future__ import annotations

import re

__all__ = ["RANDOM_BYTES", "make_run_id", "may_be_run_id"]

RANDOM_BYTES = 8
"""How much randomness an id takes."""

_HEX_DIGITS = 3
_ID = re.compile(r"[a-z]+-[a-z]+-[0-9a-f]{3,8}")
_ADJECTIVES = """
able airy amber apt azure bare big blue bold brave brief bright brisk broad bronze busy calm candid civil clean clear
clever coastal cool copper coral cosy crisp curious daily dapper dear deep direct dotted downy eager early easy even
exact fair famous fancy far fast fine firm first flat fleet fluffy fond formal fresh frosty full gentle giddy glad
gold good grand green handy happy hardy hazel hearty honest humble icy ideal indigo jade jolly keen kind large late
light lively local loyal lucky lunar magic mellow merry mild misty modest neat new nimble noble olive open pale patient
pearly plain polite proud quick quiet rapid rare ready regal rosy ruby rustic safe sandy silent silver simple sleek
small smart smooth snowy sober soft solid spry stable steady still strong sunny sure sweet swift tall tame tidy tiny
true upbeat velvet vivid warm wide wise witty young zesty
""".split()  # noqa: SIM905 - words are read more easily than their quotes
_NOUNS = """
acorn alder anchor apple arrow aspen atlas badger bamboo basin bay beach beacon beaver bell birch bird boat bridge
brook bus cabin canal canoe cape castle cedar cherry cliff cloud clover comet cove crane creek cricket crow dawn deer
delta dolphin dove drum dune eagle elk elm falcon fern ferry field finch fjord flute forest fox garden gate geyser
glacier glade goose grove gull harbor hare hawk hazel heron hill horse island ivy jay juniper kayak kestrel kite koala
lagoon lake lantern larch lark leaf lemon lily linden lion lotus lynx mango maple marten meadow melon meteor mill moon
moose moss mouse oak oasis ocean olive orbit orchid osprey otter owl palm panda path pear pebble penguin pepper pine
planet plum pond poplar puffin quail rabbit raven reef ridge river robin rocket rose sail salmon seal shell sparrow
spruce star stone stork stream sun swan tiger tulip valley violet walnut wave whale willow wolf wren zebra
""".split()  # noqa: SIM905 - words are read more easily than their quotes


def make_run_id(randomness: bytes) -> str:
    """Return an id made of an adjective, a noun and three hexadecimal digits, about 100 million in all.

    Args:
        randomness: `RANDOM_BYTES` bytes that nobody could tell before.
    """
    number = int.from_bytes(randomness, "big")
    number, digits = divmod(number, 16**_HEX_DIGITS)
    number, noun = divmod(number, len(_NOUNS))
    return f"{_ADJECTIVES[number % len(_ADJECTIVES)]}-{_NOUNS[noun]}-{digits:0{_HEX_DIGITS}x}"


def may_be_run_id(text: str) -> bool:
    """Tell whether a text is written as ids of runs are; such a text is safe as the name of a folder."""
    return _ID.fullmatch(text) is not None
