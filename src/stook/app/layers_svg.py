"""A picture of things that are made of other things: boxes in layers, arrows from left to right; one SVG file.

Layers are those of the longest way; an arrow over several layers has a lane of its own in each of them; and what is in
a layer is ordered by the middle of its neighbours (Sugiyama, Tagawa and Toda 1981), without crossings being counted.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

__all__ = ["Box", "draw"]

_LETTER, _LINE, _PAD = 7.2, 16.0, 10.0
_BETWEEN_LAYERS, _BETWEEN_BOXES, _MARGIN = 60.0, 18.0, 20.0
_LONGEST_LINE = 60
_SWEEPS = 4
_LANE = "\0"  # in no key
_MOST_LANES = 5_000
_STYLE = """
:root { color-scheme: light dark; }
svg { background: #fff; font: 12px ui-monospace, Menlo, Consolas, monospace; }
rect { fill: #f6f8fa; stroke: #57606a; }
text { fill: #1f2328; white-space: pre; }
.first { font-weight: 600; }
.more { fill: #57606a; }
.marked rect { stroke: #0969da; stroke-width: 2; }
.faint rect { stroke-dasharray: 4 3; }
.reuse rect { fill: #dafbe1; stroke: #1a7f37; }
.run rect { fill: #fff8c5; stroke: #9a6700; }
path { fill: none; stroke: #8c959f; }
marker path { fill: #8c959f; stroke: none; }
@media (prefers-color-scheme: dark) {
  svg { background: #0d1117; }
  rect { fill: #161b22; stroke: #8b949e; }
  text { fill: #e6edf3; }
  .more { fill: #9198a1; }
  .marked rect { stroke: #4493f8; }
  .reuse rect { fill: #12261e; stroke: #3fb950; }
  .run rect { fill: #272115; stroke: #d29922; }
  path { stroke: #6e7681; }
  marker path { fill: #6e7681; }
}
"""


@dataclass(frozen=True, slots=True)
class Box:
    """A box.

    Attributes:
        key: Names it in arrows; not empty.
        lines: What is written in it; the first one stands out.
        is_faint: Whether it is drawn as something that is not there.
        tone: `reuse`, `run` or `depends`, for a colour; empty for none.
    """

    key: str
    lines: tuple[str, ...]
    is_faint: bool = False
    tone: str = ""


@dataclass(frozen=True, slots=True)
class _Placed:
    box: Box
    lines: tuple[str, ...]
    x: float
    y: float
    width: float
    height: float


def draw(boxes: Sequence[Box], arrows: Iterable[tuple[str, str]], *, title: str, marked: str = "") -> str:
    """Return the picture as text; it follows the reader's choice of light or dark.

    Args:
        boxes: What is drawn.
        arrows: Pairs of keys: from the one on the left to the one on the right. One that closes a circle is left out.
        title: What it shows.
        marked: Key of the box that stands out.
    """
    keys = [box.key for box in boxes]
    kept = _without_circles(keys, [pair for pair in dict.fromkeys(arrows) if pair[0] != pair[1]])
    layers = _layers(keys, kept)
    ways = _with_lanes(layers, kept)
    placed = _place(
        [*boxes, *_lanes(ways)], _ordered(layers, [pair for way in ways for pair in pairwise(way)])
    )
    width = max((one.x + one.width for one in placed.values()), default=0) + _MARGIN
    height = max((one.y + one.height for one in placed.values()), default=0) + _MARGIN
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="{height:.0f}"'
        f' viewBox="0 0 {width:.0f} {height:.0f}" role="img">',
        f"<title>{_escaped(title)}</title><style>{_STYLE}</style>",
        '<defs><marker id="tip" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="8" markerHeight="8"'
        ' orient="auto"><path d="M0 0 8 4 0 8z"/></marker></defs>',
        *(_arrow([placed[key] for key in way]) for way in ways),
        *(_drawn(one, is_marked=one.box.key == marked) for one in placed.values() if one.lines),
        "</svg>\n",
    ]
    return "\n".join(parts)


def _without_circles(keys: Sequence[str], arrows: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return the arrows but for those that lead back to where one came from, going depth first."""
    onward: dict[str, list[str]] = {key: [] for key in keys}
    for start, end in arrows:
        if start in onward and end in onward:
            onward[start].append(end)
    state = dict.fromkeys(keys, 0)
    kept: list[tuple[str, str]] = []
    for first in keys:
        if state[first]:
            continue
        state[first] = 1
        stack = [(first, iter(onward[first]))]
        while stack:
            key, rest = stack[-1]
            end = next(rest, "")
            if not end:
                state[key] = 2
                stack.pop()
            elif state[end] != 1:
                kept.append((key, end))
                if state[end] == 0:
                    state[end] = 1
                    stack.append((end, iter(onward[end])))
    return kept


def _layers(keys: Sequence[str], arrows: Sequence[tuple[str, str]]) -> list[list[str]]:
    """Return the keys by layer: each to the right of all that lead to it, as near as may be to what it leads to."""
    before: dict[str, list[str]] = {key: [] for key in keys}
    waits = dict.fromkeys(keys, 0)
    for start, end in arrows:
        before[end].append(start)
        waits[start] += 1
    height = dict.fromkeys(keys, 0)
    ready = [key for key in keys if not waits[key]]
    while ready:
        key = ready.pop()
        for start in before[key]:
            height[start] = max(height[start], height[key] + 1)
            waits[start] -= 1
            if not waits[start]:
                ready.append(start)
    most = max(height.values(), default=0)
    layers: list[list[str]] = [[] for _ in range(most + 1)]
    for key in keys:
        layers[most - height[key]].append(key)
    return layers


def _with_lanes(layers: list[list[str]], arrows: Sequence[tuple[str, str]]) -> list[list[str]]:
    """Return the way of each arrow from layer to layer; lanes for it are put into the layers that it goes through.

    Where there would be too many lanes, arrows go straight.
    """
    layer_of = {key: number for number, layer in enumerate(layers) for key in layer}
    count = sum(layer_of[end] - layer_of[start] - 1 for start, end in arrows)
    ways = []
    for number, (start, end) in enumerate(arrows):
        passed = range(layer_of[start] + 1, layer_of[end]) if count <= _MOST_LANES else range(0)
        lanes = [f"{_LANE}{number}{_LANE}{layer}" for layer in passed]
        for layer, lane in zip(passed, lanes, strict=True):
            layers[layer].append(lane)
        ways.append([start, *lanes, end])
    return ways


def _lanes(ways: Iterable[Sequence[str]]) -> list[Box]:
    return [Box(key, ()) for way in ways for key in way[1:-1]]


def _ordered(layers: list[list[str]], arrows: Sequence[tuple[str, str]]) -> list[list[str]]:
    """Return the layers with each key near the middle of its neighbours in the others."""
    near: dict[str, list[str]] = {}
    for start, end in arrows:
        near.setdefault(start, []).append(end)
        near.setdefault(end, []).append(start)
    place = {key: (number + 0.5) / len(layer) for layer in layers for number, key in enumerate(layer)}
    for sweep in range(_SWEEPS):
        for layer in layers if sweep % 2 else reversed(layers):
            middle = {
                key: sum(place[one] for one in near[key]) / len(near[key]) if key in near else place[key]
                for key in layer
            }
            layer.sort(key=middle.__getitem__)
            place.update((key, (number + 0.5) / len(layer)) for number, key in enumerate(layer))
    return layers


def _place(boxes: Sequence[Box], layers: Sequence[Sequence[str]]) -> Mapping[str, _Placed]:
    by_key = {box.key: box for box in boxes}
    lines = {box.key: tuple(map(_shortened, box.lines)) for box in boxes}
    heights = {key: len(some) * _LINE + 2 * _PAD if some else 0.0 for key, some in lines.items()}
    tall = [sum(heights[key] + _BETWEEN_BOXES for key in layer) for layer in layers]
    placed: dict[str, _Placed] = {}
    x = _MARGIN
    for layer, height in zip(layers, tall, strict=True):
        width = max((_width(line) for key in layer for line in lines[key]), default=0) + 2 * _PAD
        y = _MARGIN + (max(tall) - height) / 2
        for key in layer:
            placed[key] = _Placed(by_key[key], lines[key], x, y, width, heights[key])
            y += heights[key] + _BETWEEN_BOXES
        x += width + _BETWEEN_LAYERS
    return placed


def _arrow(way: Sequence[_Placed]) -> str:
    first = way[0]
    curve = f"M{first.x + first.width:.1f} {first.y + first.height / 2:.1f}"
    for start, end in pairwise(way):
        x, y = start.x + start.width, start.y + start.height / 2
        to_x, to_y = end.x, end.y + end.height / 2
        bend = (to_x - x) / 2
        curve += f"C{x + bend:.1f} {y:.1f} {to_x - bend:.1f} {to_y:.1f} {to_x:.1f} {to_y:.1f}"
        if not end.lines:
            curve += f"H{end.x + end.width:.1f}"
    return f'<path d="{curve}" marker-end="url(#tip)"/>'


def _drawn(one: _Placed, *, is_marked: bool) -> str:
    classes = " ".join(
        ["box"] + ["marked"] * is_marked + ["faint"] * one.box.is_faint + [one.box.tone]
    ).strip()
    full = _escaped("\n".join(one.box.lines))
    texts = [
        f'<text class="{"more" if number else "first"}" x="{one.x + _PAD:.1f}"'
        f' y="{one.y + _PAD + _LINE * (number + 0.75):.1f}">{_escaped(line)}</text>'
        for number, line in enumerate(one.lines)
    ]
    rect = f'<rect x="{one.x:.1f}" y="{one.y:.1f}" width="{one.width:.1f}" height="{one.height:.1f}" rx="6"/>'
    return f'<g class="{classes}"><title>{full}</title>{rect}{"".join(texts)}</g>'


def _shortened(line: str) -> str:
    return line if len(line) <= _LONGEST_LINE else line[: _LONGEST_LINE - 1] + "…"


def _width(line: str) -> float:
    return sum(_LETTER * (1 + (unicodedata.east_asian_width(letter) in "WF")) for letter in line)


def _escaped(text: str) -> str:
    """Return text as XML takes it: what it has no way to write becomes a question mark."""
    import html

    sound = "".join(letter if letter in "\t\n" or _is_xml(letter) else "?" for letter in text)
    return html.escape(sound)


def _is_xml(letter: str) -> bool:
    code = ord(letter)
    return 0x20 <= code <= 0xD7FF or 0xE000 <= code <= 0xFFFD or code >= 0x10000
