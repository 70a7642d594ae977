"""Second thoughts about a file on its page: its report asked for early, its columns chosen anew."""

import csv
import io

import pytest

from chaupal.directory.jobs import run
from chaupal.kit.ids import new_id
from web.test_imports import HEADINGS, LEASE, asha, mapped, rows_of, uploaded, worked

__all__ = ["asha"]

SWAPPED = ["reference", "unit_code", "name", "phone"]
RIGHT = ["reference", "name", "unit_code", "phone"]


def lines_of(report) -> list[list[str]]:
    return [*csv.reader(io.StringIO(report.text.removeprefix("\ufeff")))][1:]


async def test_a_report_before_there_is_one_says_what_it_waits_for(asha, place, rt):
    path = await uploaded(asha)
    for _ in range(2):  # before the columns are known, and before they are tried
        early = await asha.get(f"{path}/report")
        assert early.status == 409
        assert "There is no report yet" in early.words
        assert "wait for the dry run" in early.words
        await mapped(asha, path)
    await worked(rt, place, path)
    assert (await asha.get(f"{path}/report")).status == 200
    await mapped(asha, path, SWAPPED)  # what the first dry run said is void
    assert (await asha.get(f"{path}/report")).status == 409
    await asha.post(f"{path}/cancel")
    assert (await asha.get(f"{path}/report")).status == 410


@pytest.mark.parametrize("tried", [False, True], ids=["before the dry run", "after it"])
async def test_columns_are_chosen_again_from_what_was_chosen_without_a_new_file(
    asha, place, rt, tried
):
    path = await uploaded(asha)
    await mapped(asha, path, SWAPPED)
    if tried:
        await worked(rt, place, path)
        assert {line[1] for line in lines_of(await asha.get(f"{path}/report"))} == {"refused"}
    assert "Choose the columns again" in (await asha.get(path)).words

    edit = await asha.get(f"{path}/edit")
    assert [edit.text.count(f'<option value="{c}" selected') for c in RIGHT] == [1] * 4
    second = edit.text.split('id="column-2"')[1].split("</select>")[0]
    assert '<option value="unit_code" selected' in second  # as it was said, not as it sounds
    assert (await mapped(asha, path, RIGHT)).status == 303
    await worked(rt, place, path)

    assert "1 of 2 rows would be taken over" in (await asha.get(path)).words
    assert [line[1] for line in lines_of(await asha.get(f"{path}/report"))] == ["new", "refused"]


async def test_a_dry_run_under_old_columns_is_given_up_and_says_nothing(asha, place, rt):
    """Its author thinks again while a worker is in the middle of it."""
    path = await uploaded(asha)
    await mapped(asha, path, SWAPPED)
    owner = new_id()
    claimed = await run.claim(rt, place.organisation, owner=owner, lease=LEASE)

    assert "Choose the columns again" in (await asha.get(path)).words
    assert (await mapped(asha, path, RIGHT)).status == 303

    with pytest.raises(run.Lost):
        await run.carry_out(
            rt,
            place.organisation,
            claimed.id,
            owner=owner,
            opened=lambda _: io.BytesIO(b""),
            say=lambda _: None,
        )
    assert await rows_of(place, "SELECT stage::text FROM import_job") == [("mapped",)]
    await worked(rt, place, path)  # at once, though the first worker's lease is not over
    assert "1 of 2 rows would be taken over" in (await asha.get(path)).words


async def test_what_is_ordered_keeps_its_columns(asha, place, rt):
    path = await uploaded(asha)
    await mapped(asha, path)
    await worked(rt, place, path)
    await asha.post(f"{path}/order")
    assert "Choose the columns again" not in (await asha.get(path)).words
    assert (await asha.get(f"{path}/edit")).status == 409
    assert (await mapped(asha, path, SWAPPED, HEADINGS)).status == 409
