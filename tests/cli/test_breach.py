"""`chaupal breach`: the circle as a file that only its owner may read."""

import pytest

from factories import an_organisation


@pytest.fixture
async def place(rt):
    place = await an_organisation(rt)
    await place.account("asha", at="east")
    return place


DAYS = ("--since", "2020-01-01", "--until", "2100-01-01")


async def test_the_circle_of_a_unit_or_an_account_is_written_once(terminal, place, tmp_path):
    await place.person("east-one", chat="p:secret-chat")
    await place.person("west-one")
    for name, asked in (("unit", ("--unit", "east")), ("account", ("--account", "asha"))):
        file = tmp_path / f"{name}.csv"
        said = await terminal.run("breach", str(file), *asked, *DAYS)
        assert said.status == 0, said.err
        assert "1 people" in said.out
        written = file.read_text("utf-8-sig")
        assert [line.split(",")[2] for line in written.splitlines()] == ["unit", "east-one"]
        assert "secret-chat" not in written
        assert file.stat().st_mode & 0o077 == 0
    again = await terminal.run("breach", str(file), *asked, *DAYS)
    assert again.status == 2


async def test_half_a_question_is_refused_in_words(terminal, place, tmp_path):
    file = tmp_path / "circle.csv"
    for asked in ((), ("--unit", "east", "--account", "asha"), ("--unit", "nowhere")):
        said = await terminal.run("breach", str(file), *asked, *DAYS)
        assert (said.status, "Traceback" in said.err) == (2, False)
        assert not file.exists()
