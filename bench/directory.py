"""The directory at the size of a state: imported, read page by page, searched, moved about."""

from bench.directory_import import founded, imported, load_groups
from bench.directory_move import move
from bench.directory_pages import pages
from bench.figures import Figure
from bench.ground import Ground

FULL = 5_000_000


async def directory(ground: Ground, size: int) -> list[Figure]:
    """Measure Rajasthan with `size` people; its groups and units shrink with them.

    At full size: 60,000 units, 100,000 groups, 5,000,000 people. The people come by the import
    that is measured, and everything after it is measured on what it left.
    """
    place = founded(size)
    organisation = await place.found(ground)
    figures = await imported(ground, place)
    await load_groups(ground, place)
    figures += await pages(ground, organisation, size)
    figures += await move(ground, organisation, size)
    return figures
