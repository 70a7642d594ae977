"""The geometry of a treemap: areas laid out as near to squares as they go. Pure.

After Bruls, Huizing and van Wijk, "Squarified Treemaps" (2000): rows are filled from the largest
area down, along the shorter side, for as long as the row's worst rectangle gets no thinner.
"""

from collections.abc import Sequence
from dataclasses import dataclass

# The picture's own measure; it stretches with the page.
WIDTH, HEIGHT = 1000.0, 560.0
# The strip of a frame that carries its name, and what a tile needs to carry one.
STRIP, NAME_WIDTH, NAME_HEIGHT, SHARE_HEIGHT = 25.0, 62.0, 26.0, 46.0


@dataclass(frozen=True, slots=True)
class Plot:
    """How large something is, and the parts that it is made of (none: it stands for itself)."""

    area: float
    parts: Sequence[float]


@dataclass(frozen=True, slots=True)
class Tile:
    """A rectangle, and which of the given areas it stands for."""

    index: int
    x: float
    y: float
    width: float
    height: float

    @property
    def takes_name(self) -> bool:
        """Say whether a name can be read in it."""
        return self.width > NAME_WIDTH and self.height > NAME_HEIGHT

    @property
    def takes_share(self) -> bool:
        """Say whether a second line can be read in it."""
        return self.width > NAME_WIDTH and self.height > SHARE_HEIGHT


@dataclass(frozen=True, slots=True)
class Frame(Tile):
    """A rectangle with a strip for its name on top, and its parts below it."""

    tiles: tuple[Tile, ...]


def depth(covered: int, booths: int) -> str:
    """Return how deep a share is dyed: 'nobody' and 'all' mean exactly that."""
    if booths == 0:
        return "empty"
    if covered == 0:
        return "nobody"
    if covered == booths:
        return "all"
    return ("few", "some", "many", "most")[4 * covered // booths]


def framed(plots: Sequence[Plot], *, width: float = WIDTH, height: float = HEIGHT) -> list[Frame]:
    """Lay out plots, and inside each its parts; what is too small for a strip goes without."""
    frames = []
    for tile in squarified([plot.area for plot in plots], width=width, height=height):
        parts = plots[tile.index].parts
        strip = STRIP if tile.height > 2 * STRIP and tile.width > NAME_WIDTH else 0.0
        inner = squarified(parts, width=tile.width, height=tile.height - strip)
        moved = tuple(
            Tile(part.index, tile.x + part.x, tile.y + strip + part.y, part.width, part.height)
            for part in inner
        )
        frames.append(Frame(tile.index, tile.x, tile.y, tile.width, tile.height, moved))
    return frames


def squarified(areas: Sequence[float], *, width: float, height: float) -> list[Tile]:
    """Fill `width` by `height` with tiles in proportion to `areas`; nothing gets no tile."""
    whole = sum(area for area in areas if area > 0)
    if whole <= 0:
        return []
    scale = width * height / whole
    waiting = sorted(
        ((area * scale, index) for index, area in enumerate(areas) if area > 0),
        key=lambda each: (-each[0], each[1]),
    )
    tiles: list[Tile] = []
    left, top, across, down = 0.0, 0.0, width, height
    while waiting:
        row = _row([area for area, _ in waiting], min(across, down))
        taken, waiting = waiting[:row], waiting[row:]
        depth = sum(area for area, _ in taken) / min(across, down)
        tiles += _laid(taken, left, top, depth, upright=across >= down)
        if across >= down:
            left, across = left + depth, across - depth
        else:
            top, down = top + depth, down - depth
    return tiles


def _row(areas: Sequence[float], side: float) -> int:
    """Return how many of `areas`, which fall, make the row along `side` with the best shapes."""
    count, total, worst = 1, areas[0], _worst(areas[0], areas[0], areas[0], side)
    while count < len(areas):
        total += areas[count]
        next_worst = _worst(areas[0], areas[count], total, side)
        if next_worst > worst:
            break
        worst, count = next_worst, count + 1
    return count


def _worst(largest: float, smallest: float, total: float, side: float) -> float:
    """Return the longest side by the shortest of the thinnest rectangle of a row."""
    return max(side**2 * largest / total**2, total**2 / (side**2 * smallest))


def _laid(
    row: Sequence[tuple[float, int]], left: float, top: float, depth: float, *, upright: bool
) -> list[Tile]:
    tiles = []
    for area, index in row:
        length = area / depth
        if upright:
            tiles.append(Tile(index, left, top, depth, length))
            top += length
        else:
            tiles.append(Tile(index, left, top, length, depth))
            left += length
    return tiles
