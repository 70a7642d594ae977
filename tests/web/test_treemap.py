"""Treemaps: every area has its tile, in proportion, inside the picture, over no other."""

import random

import pytest

from chaupal.web.treemap import Plot, depth, framed, squarified


@pytest.mark.parametrize("seed", range(8))
def test_tiles_fill_the_picture_in_proportion_and_never_overlap(seed):
    dice = random.Random(seed)
    areas = [dice.choice([0, 1, dice.random() * 1000]) for _ in range(dice.randint(1, 60))]
    tiles = squarified(areas, width=1000, height=560)
    whole = sum(areas)
    assert {tile.index for tile in tiles} == {i for i, area in enumerate(areas) if area > 0}
    for tile in tiles:
        assert tile.width * tile.height == pytest.approx(areas[tile.index] * 560_000 / whole)
        assert tile.x >= -1e-6
        assert tile.y >= -1e-6
        assert tile.x + tile.width <= 1000 + 1e-6
        assert tile.y + tile.height <= 560 + 1e-6
    for one in tiles:
        for other in tiles:
            apart = (
                one.x + one.width <= other.x + 1e-6
                or other.x + other.width <= one.x + 1e-6
                or one.y + one.height <= other.y + 1e-6
                or other.y + other.height <= one.y + 1e-6
            )
            assert one is other or apart


def test_nothing_has_no_picture():
    assert squarified([], width=10, height=10) == []
    assert squarified([0, 0], width=10, height=10) == []


def test_tiles_are_nearer_to_squares_than_to_stripes():
    tiles = squarified([6, 6, 4, 3, 2, 2, 1], width=600, height=400)
    assert all(0.3 < tile.width / tile.height < 3.4 for tile in tiles)


def test_parts_lie_inside_their_frame_below_its_name():
    for frame in framed([Plot(30, [10, 20]), Plot(10, [5, 5]), Plot(5, [])]):
        for part in frame.tiles:
            assert part.x >= frame.x - 1e-6
            assert part.y > frame.y
            assert part.x + part.width <= frame.x + frame.width + 1e-6
            assert part.y + part.height <= frame.y + frame.height + 1e-6


@pytest.mark.parametrize(
    ("covered", "booths", "dye"),
    [
        (0, 0, "empty"), (0, 9, "nobody"), (1, 100, "few"), (24, 100, "few"), (25, 100, "some"),
        (50, 100, "many"), (75, 100, "most"), (99_999, 100_000, "most"), (9, 9, "all"),
    ],
)  # fmt: skip
def test_dye_never_flatters(covered, booths, dye):
    assert depth(covered, booths) == dye
