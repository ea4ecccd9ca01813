"""Where everything stands: columns by who needs whom, lanes by host and app.

The layered layout of Sugiyama, Tagawa and Toda in lanes: columns are the same for the whole
drawing, so that the space between two of them is free of nodes, and an edge that is longer keeps a
row free in each column that it passes. So no edge crosses a node. Within a lane, rows are sorted by
the rows of their neighbours and then put as near to them as order and distance allow.

Pixels throughout. The same drawing gives the same layout.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from preview.page.columns import columns_of
from preview.page.drawing import Drawing, Edge, Kind, Lane, Node

WIDTH: Final = 158.0
HEIGHT: Final = 40.0
CHANNEL: Final = 54.0
"""Between two columns, where edges go up and down."""

_ROW: Final = HEIGHT + 12.0
_PASSAGE: Final = 14.0
_CHIP: Final = 26.0
_TITLE: Final = 26.0
_PAD: Final = 10.0
_HOST_TITLE: Final = 34.0
_SWEEPS: Final = 8
_BOXED: Final = frozenset({Kind.HOST, Kind.APP, Kind.SYSTEM})

Point = tuple[float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """A rectangle, with its upper left corner."""

    x: float
    y: float
    width: float
    height: float

    @property
    def middle(self) -> float:
        """Its middle's height."""
        return self.y + self.height / 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """Boxes of nodes by id (those of apps and hosts are around others), and the points of edges."""

    width: float
    height: float
    boxes: Mapping[str, Box]
    paths: tuple[tuple[Edge, tuple[Point, ...]], ...]


@dataclass(slots=True, kw_only=True, eq=False)
class _Item:
    """A node in its column, or the row that a long edge keeps free."""

    key: str
    column: int
    lane: Lane
    height: float
    y: float = 0.0  # of its middle

    @property
    def room(self) -> float:
        return self.height + (_ROW - HEIGHT if self.height > _PASSAGE else 0.0)


def lay_out(drawing: Drawing) -> Layout:
    """Give everything its place."""
    return _Layouter(drawing).layout()


class _Layouter:
    def __init__(self, drawing: Drawing) -> None:
        self.drawing = drawing
        self.column, backward = columns_of(drawing)
        self.networks = [n for n in drawing.nodes if n.kind is Kind.NETWORK]
        self.items = {
            node.id: _Item(key=node.id, column=self.column[node.id], lane=node.lane, height=HEIGHT)
            for node in drawing.nodes
            if node.id in self.column
        }
        self.lanes = _lanes(drawing.nodes)
        self.last = max(self.column.values(), default=2)
        self.chips = max(1, self.last - 1)  # in a row: one a column, which leaves edges their way
        self.chains: list[tuple[Edge, bool, list[_Item]]] = []
        self.near: dict[_Item, tuple[list[_Item], list[_Item]]] = {
            item: ([], []) for item in self.items.values()
        }
        for edge in drawing.edges:
            self._chain(edge, backward=edge in backward)
        self.rows: dict[tuple[Lane, int], list[_Item]] = {}
        for item in self.near:
            self.rows.setdefault((item.lane, item.column), []).append(item)

    def _chain(self, edge: Edge, *, backward: bool) -> None:
        if edge.start not in self.items or edge.end not in self.items:
            return
        start, end = self.items[edge.start], self.items[edge.end]
        if backward:
            start, end = end, start
        # Outside, where places are, no lane is to be kept; else the row is kept where it leads to.
        lane = end.lane if end.lane.host else start.lane
        chain = [start]
        for column in range(start.column + 1, end.column):
            passage = _Item(
                key=f"{edge.start} {edge.line} {edge.end} {column}",
                column=column,
                lane=lane,
                height=_PASSAGE,
            )
            self.near[passage] = ([], [])
            chain.append(passage)
        chain.append(end)
        for left, right in pairwise(chain):
            self.near[left][1].append(right)
            self.near[right][0].append(left)
        self.chains.append((edge, backward, chain))

    def layout(self) -> Layout:
        tops = self._stack()
        self._order()
        heights = {lane: self._height(lane) for lane in self.lanes}
        tops = self._stack(heights)
        # What is outside follows what it leads to.
        for lane in sorted(self.lanes, key=lambda lane: not lane.host):
            self._settle(lane, tops[lane], heights[lane])
        return self._boxes(tops, heights)

    # --- order and rows

    def _stack(self, heights: Mapping[Lane, float] | None = None) -> dict[Lane, float]:
        """Give each lane's first row a height; hosts have a title, and so have apps."""
        tops: dict[Lane, float] = {}
        y, host = _PAD, ""
        for lane in self.lanes:
            if not lane.host:
                tops[lane] = _HOST_TITLE + _PAD
                continue
            if lane.host != host:
                y += _HOST_TITLE + (_PAD * 2 if host else 0.0)
                host = lane.host
            y += _TITLE if lane.app else 0.0
            tops[lane] = y
            y += (heights[lane] if heights else 1000.0) + self._chips(lane) + _PAD * 2
        self.bottom = y
        return tops

    def _chips(self, lane: Lane) -> float:
        number = sum(each.lane == lane for each in self.networks)
        return (_CHIP + _PAD) * -(-number // self.chips)

    def _columns(self, lane: Lane) -> list[list[_Item]]:
        return [
            items
            for (at, _), items in sorted(self.rows.items(), key=lambda pair: pair[0][1])
            if at == lane
        ]

    def _order(self) -> None:
        """Sort the rows of every column by where their neighbours are, from both sides in turn."""
        order = {lane: index * 1000.0 for index, lane in enumerate(self.lanes)}
        for (lane, _), items in self.rows.items():
            for row, item in enumerate(items):
                item.y = order[lane] + row
        by_column = sorted(self.rows.items(), key=lambda pair: (pair[0][1], order[pair[0][0]]))
        for sweep in range(_SWEEPS):
            side = sweep % 2
            for (lane, _), items in by_column if side == 0 else reversed(by_column):
                wanted = {item: _mean(self.near[item][side], item.y) for item in items}
                items.sort(key=lambda item: (wanted[item], item.y))
                for row, item in enumerate(items):
                    item.y = order[lane] + row

    def _height(self, lane: Lane) -> float:
        return max((sum(item.room for item in items) for items in self._columns(lane)), default=0.0)

    def _settle(self, lane: Lane, top: float, height: float) -> None:
        """Put rows near their neighbours, as far as the order and the lane's height allow."""
        if not lane.host:
            height = max(height, self.bottom - top)
        columns = self._columns(lane)
        for items in columns:
            _place(items, [top + height / 2] * len(items), top, height)
        for sweep in range(_SWEEPS):
            for items in columns if sweep % 2 == 0 else reversed(columns):
                wanted = [_mean([*self.near[i][0], *self.near[i][1]], i.y) for i in items]
                _place(items, wanted, top, height)

    # --- boxes and paths

    def _boxes(self, tops: Mapping[Lane, float], heights: Mapping[Lane, float]) -> Layout:
        boxes = {
            key: Box(x=_x(item.column), y=item.y - HEIGHT / 2, width=WIDTH, height=HEIGHT)
            for key, item in self.items.items()
        }
        right = _x(max(2, self.last)) + WIDTH + _PAD
        for lane in self.lanes:
            networks = [each for each in self.networks if each.lane == lane]
            for index, network in enumerate(networks):
                row, column = divmod(index, self.chips)
                y = tops[lane] + heights[lane] + _PAD / 2 + row * (_CHIP + _PAD)
                boxes[network.id] = Box(x=_x(2 + column), y=y, width=WIDTH, height=_CHIP)
        for node in self.drawing.nodes:
            if node.kind is Kind.APP and node.lane in tops:
                top = tops[node.lane] - _TITLE
                height = _TITLE + heights[node.lane] + self._chips(node.lane) + _PAD / 2
                boxes[node.id] = Box(
                    x=_x(2) - _PAD, y=top, width=right - _x(2) + _PAD, height=height
                )
        for node in self.drawing.nodes:
            inside = [lane for lane in self.lanes if lane.host == node.lane.host]
            if node.kind is Kind.HOST and inside:
                first, end = inside[0], inside[-1]
                top = tops[first] - (_TITLE if first.app else 0.0) - _HOST_TITLE
                bottom = tops[end] + heights[end] + self._chips(end) + _PAD * 1.5
                boxes[node.id] = Box(
                    x=_x(1) - _PAD, y=top, width=right - _x(1) + _PAD * 2, height=bottom - top
                )
        return Layout(
            width=right + _PAD * 2,
            height=max((box.y + box.height for box in boxes.values()), default=0.0) + _PAD,
            boxes=boxes,
            paths=tuple(
                (edge, tuple(_points(chain, backward=backward)))
                for edge, backward, chain in self.chains
            ),
        )


def _lanes(nodes: Iterable[Node]) -> list[Lane]:
    """Give the lanes: what is outside, then by host, its own things before its apps."""
    return sorted(
        {node.lane for node in nodes if node.kind not in _BOXED or node.kind is Kind.HOST}
        | {Lane()},
        key=lambda lane: (lane.host, lane.app),
    )


def _x(column: int) -> float:
    # What is outside, and routes, stand outside of the boxes of apps.
    return _PAD + column * (WIDTH + CHANNEL)


def _mean(items: Sequence[_Item], otherwise: float) -> float:
    return sum(item.y for item in items) / len(items) if items else otherwise


def _place(items: Sequence[_Item], wanted: Sequence[float], top: float, height: float) -> None:
    """Put rows where they want to be, by least squares, in their order and without overlapping.

    Pooling adjacent violators: rows that want to be too near to each other move as a block.
    """
    before, above = [], 0.0
    for item in items:
        before.append(above + item.room / 2)
        above += item.room
    blocks: list[tuple[float, int]] = []  # where its rows want to be on the whole, and how many
    for want, offset in zip(wanted, before, strict=True):
        total, count = want - offset, 1
        while blocks and blocks[-1][0] >= total / count:
            mean, number = blocks.pop()
            total, count = total + mean * number, count + number
        blocks.append((total / count, count))
    starts = [mean for mean, count in blocks for _ in range(count)]
    for item, start, offset in zip(items, starts, before, strict=True):
        item.y = min(max(start, top), max(top, top + height - above)) + offset


def _points(chain: Sequence[_Item], *, backward: bool) -> list[Point]:
    """Give the points that an edge goes through: in and out of each column at one height."""
    points: list[Point] = [(_x(chain[0].column) + WIDTH, chain[0].y)]
    for passage in chain[1:-1]:
        points += [(_x(passage.column), passage.y), (_x(passage.column) + WIDTH, passage.y)]
    points.append((_x(chain[-1].column), chain[-1].y))
    return points[::-1] if backward else points
