"""Files through the door: streamed in, masked where they are shown, refused in words."""

import csv
import io
import tracemalloc
import zipfile
from datetime import timedelta

import aiohttp
import pytest

from chaupal import record
from chaupal.directory.jobs import run
from chaupal.directory.jobs.models import CHUNK_BYTES, FILE_LIMIT_BYTES, OPEN_LIMIT, chunk_context
from chaupal.kit.ids import new_id
from chaupal.web.import_shapes import sample

LEASE = timedelta(seconds=60)
PEOPLE = "सदस्यता क्रमांक;पूरा नाम;इकाई;मोबाइल नं\nm1;आशा;east-one;+911100000001\nm2;रवि;nowhere;\n"
HEADINGS = ["सदस्यता क्रमांक", "पूरा नाम", "इकाई", "मोबाइल नं"]
COLUMNS = ["reference", "name", "unit_code", "phone"]


@pytest.fixture
async def asha(door, place):
    return await door.signed_in(place, await place.account("asha"))


def form(browser, content: bytes, *, kind="people", name="सदस्य.csv", **changed):
    """The form as a browser sends it: its fields first, the file last."""
    fields = aiohttp.FormData(quote_fields=False)
    given = {"csrf": browser.csrf, "idempotency_key": str(new_id()), "kind": kind, **changed}
    for field, value in given.items():
        fields.add_field(field, value)
    fields.add_field("file", io.BytesIO(content), filename=name)
    return fields


async def sent(browser, fields) -> tuple[int, str, str]:
    async with browser.http.post(
        f"{browser.url}/imports", data=fields, allow_redirects=False
    ) as answer:
        return answer.status, answer.headers.get("Location", ""), await answer.text()


async def uploaded(browser, content: bytes | str = PEOPLE, **options) -> str:
    body = content.encode() if isinstance(content, str) else content
    status, location, text = await sent(browser, form(browser, body, **options))
    assert status == 303, text
    return location.removesuffix("/edit")


async def mapped(browser, path: str, columns=COLUMNS, headings=HEADINGS, **changed):
    return await browser.post(
        path, {"heading": headings, "column": columns, "sheet": "", **changed}
    )


async def worked(rt, place, place_of: str) -> None:
    """Do as a worker does, in this process."""
    owner, id = new_id(), place_of.rsplit("/", 1)[1]
    claimed = await run.claim(rt, place.organisation, owner=owner, lease=LEASE)
    assert str(claimed.id) == id
    async with place.transaction() as conn:
        rows = await (
            await conn.execute(
                "SELECT position, sealed FROM import_chunk WHERE job_id = %s ORDER BY 1", (id,)
            )
        ).fetchall()
    body = b"".join(rt.sealer.unseal_bytes(s, chunk_context(claimed.id, n)) for n, s in rows)
    await run.carry_out(
        rt,
        place.organisation,
        claimed.id,
        owner=owner,
        opened=lambda _: io.BytesIO(body),
        say=lambda _: None,
    )


async def rows_of(place, sql: str):
    async with place.transaction() as conn:
        return await (await conn.execute(sql)).fetchall()


async def test_a_file_goes_its_whole_way(asha, place, rt):
    path = await uploaded(asha)
    edit = await asha.get(f"{path}/edit")
    assert "आशा" in edit.text
    assert "+911100000001" not in edit.text
    assert "••••• ••001" in edit.text
    assert (await mapped(asha, path)).status == 303
    assert "Waiting for its turn" in (await asha.get(path)).words

    await worked(rt, place, path)
    checked = await asha.get(path)
    assert "1 of 2 rows would be taken over" in checked.words
    assert "There is no unit of this code." in checked.words
    assert await rows_of(place, "SELECT count(*) FROM person") == [(0,)]
    assert (await asha.post(f"{path}/order")).status == 303
    await worked(rt, place, path)

    assert "1 of 2 rows were taken over." in (await asha.get(path)).words
    report = await asha.get(f"{path}/report")
    assert report.headers["Content-Type"] == "text/csv; charset=utf-8"
    lines = list(csv.reader(io.StringIO(report.text.removeprefix("\ufeff"))))
    assert [line[:2] for line in lines[1:]] == [["2", "new"], ["3", "refused"]]
    assert lines[2][3:] == [
        "There is no unit of this code.",
        "Correct the code, or import the unit first.",
    ]
    refused = await asha.get(f"{path}/report?lines=refused")
    assert [line.split(",")[0] for line in refused.text.splitlines()[1:]] == ["3"]
    listed = await asha.get("/imports")
    assert "सदस्य.csv" in listed.words
    async with place.transaction() as conn:
        assert (await record.verify(conn)).holds


async def test_what_was_said_of_headings_is_remembered_for_the_next_file(asha, place, rt):
    text = PEOPLE.replace("इकाई;", "ठिकाना;")
    path = await uploaded(asha, text)
    headings = ["सदस्यता क्रमांक", "पूरा नाम", "ठिकाना", "मोबाइल नं"]
    assert "Still to be found:" in (await asha.get(f"{path}/edit")).words
    await mapped(asha, path, headings=headings)
    await worked(rt, place, path)
    await asha.post(f"{path}/order")
    await worked(rt, place, path)

    again = await uploaded(asha, text)
    assert "Still to be found:" not in (await asha.get(f"{again}/edit")).words


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        (["reference", "name", "", "phone"], "We do not know the column इकाई"),
        (["reference", "name", "-", "phone"], "The file has no column code of its unit"),
        (["reference", "name", "name", "phone"], "A column is there twice"),
        (["reference", "name", "voter", "phone"], "There is no such column"),
    ],
)
async def test_columns_that_do_not_fit_are_said_on_the_form(asha, columns, words):
    path = await uploaded(asha, PEOPLE.replace("इकाई;", "ठिकाना;") if not columns[2] else PEOPLE)
    headings = ["सदस्यता क्रमांक", "पूरा नाम", "ठिकाना" if not columns[2] else "इकाई", "मोबाइल नं"]
    answer = await mapped(asha, path, columns=columns, headings=headings)
    assert answer.status == 422
    assert words.replace("इकाई", headings[2]) in answer.words
    assert "आशा" in answer.text
    assert (await mapped(asha, path, headings=headings)).status == 303


async def test_a_file_with_a_column_for_caste_is_refused_before_anything_of_it_is_shown(asha):
    path = await uploaded(asha, "reference;name;unit_code;जाति\nm1;आशा;east;x\n")
    answer = await asha.get(f"{path}/edit")
    assert answer.status == 422
    assert "This must not be kept" in answer.words
    assert "आशा" not in answer.text


async def test_a_workbook_is_read_where_its_sheets_are(asha):
    path = await uploaded(
        asha, workbook({"Cover": [["x"]], "सूची": [COLUMNS, ["m1", "आशा", "east"]]})
    )
    assert "Cover" in (await asha.get(f"{path}/edit")).words
    second = await asha.get(f"{path}/edit?sheet=2")
    assert "आशा" in second.text
    assert (await asha.get(f"{path}/edit?sheet=9")).status == 422
    answer = await mapped(asha, path, headings=COLUMNS, sheet="2")
    assert answer.status == 303


def workbook(sheets: dict[str, list[list[str]]]) -> bytes:
    """The smallest workbook that a spreadsheet would write."""
    file = io.BytesIO()
    names, links = "", ""
    with zipfile.ZipFile(file, "w") as book:
        for number, (name, rows) in enumerate(sheets.items(), 1):
            names += f'<sheet name="{name}" sheetId="{number}" r:id="r{number}"/>'
            links += (
                f'<Relationship Id="r{number}" Target="worksheets/sheet{number}.xml" Type='
                '"http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet"/>'
            )
            cells = "".join(
                f'<row r="{r}">'
                + "".join(
                    f'<c r="{chr(64 + c)}{r}" t="inlineStr"><is><t>{v}</t></is></c>'
                    for c, v in enumerate(row, 1)
                )
                + "</row>"
                for r, row in enumerate(rows, 1)
            )
            book.writestr(
                f"xl/worksheets/sheet{number}.xml",
                '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
                f"<sheetData>{cells}</sheetData></worksheet>",
            )
        book.writestr(
            "xl/workbook.xml",
            '<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r='
            '"http://schemas.openxmlformats.org/officeDocument/2006/relationships">'
            f"<sheets>{names}</sheets></workbook>",
        )
        book.writestr(
            "xl/_rels/workbook.xml.rels",
            '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
            f"{links}</Relationships>",
        )
        book.writestr(
            "[Content_Types].xml",
            '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>',
        )
    return file.getvalue()


async def test_a_form_of_another_sitting_is_refused_before_its_file_is_read(asha, place):
    for csrf in ("", "somebody else's"):
        fields = form(asha, b"x" * 300_000, csrf=csrf)
        status, _, _ = await sent(asha, fields)
        assert status == 403
    assert await rows_of(place, "SELECT count(*) FROM import_job") == [(0,)]
    swapped = aiohttp.FormData()
    swapped.add_field("file", io.BytesIO(b"x"), filename="a.csv")
    swapped.add_field("csrf", asha.csrf)
    assert (await sent(asha, swapped))[0] == 403


@pytest.mark.parametrize(
    ("content", "options", "said"),
    [
        (b"", {}, "The file is empty"),
        (b"x", {"name": ""}, "No file was chosen"),
        (b"x", {"kind": "voters"}, "We could not read that"),
    ],
)
async def test_what_is_no_file_is_refused_in_words(asha, place, content, options, said):
    status, _, text = await sent(asha, form(asha, content, **options))
    assert status == 422
    assert said in text
    assert await rows_of(place, "SELECT count(*) FROM import_job WHERE ended_at IS NULL") == [(0,)]


async def test_a_file_beyond_the_limit_is_refused_by_what_it_says_of_itself(asha, place):
    async def a_little():
        yield b"--b\r\n"

    headers = {
        "Content-Type": "multipart/form-data; boundary=b",
        "Content-Length": str(FILE_LIMIT_BYTES + CHUNK_BYTES),
    }
    async with asha.http.post(f"{asha.url}/imports", data=a_little(), headers=headers) as answer:
        assert answer.status == 413
        assert "The file is too large" in await answer.text()


async def test_an_upload_that_breaks_off_takes_nobodys_place(asha, place):
    body = form(asha, b"x" * (2 * CHUNK_BYTES))()
    written = Written()
    await body.write(written)
    whole, boundary = bytes(written.kept), body.boundary
    for _ in range(OPEN_LIMIT + 1):
        cut = io.BytesIO(whole[: -len(boundary) - 20])
        headers = {"Content-Type": f"multipart/form-data; boundary={boundary}"}
        async with asha.http.post(f"{asha.url}/imports", data=cut, headers=headers) as answer:
            assert answer.status == 422
            assert "The file did not come in whole" in await answer.text()
    assert await rows_of(place, "SELECT count(*) FROM import_chunk") == [(0,)]
    await uploaded(asha)


class Written:
    """Where a form writes itself to."""

    def __init__(self) -> None:
        self.kept = bytearray()

    async def write(self, chunk) -> None:
        self.kept += chunk


async def test_a_large_file_never_stands_whole_in_memory(asha, place):
    size = 48 * CHUNK_BYTES

    async def body():
        head = (
            '--b\r\nContent-Disposition: form-data; name="csrf"\r\n\r\n{}\r\n'
            '--b\r\nContent-Disposition: form-data; name="idempotency_key"\r\n\r\n{}\r\n'
            '--b\r\nContent-Disposition: form-data; name="kind"\r\n\r\nunits\r\n'
            '--b\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\n\r\n'
        )
        yield head.format(asha.csrf, new_id()).encode()
        for _ in range(size // CHUNK_BYTES):
            yield b"x" * CHUNK_BYTES
        yield b"\r\n--b--\r\n"

    tracemalloc.start()
    try:
        async with asha.http.post(
            f"{asha.url}/imports",
            data=body(),
            headers={"Content-Type": "multipart/form-data; boundary=b"},
            allow_redirects=False,
        ) as answer:
            assert answer.status == 303
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < size / 2
    assert await rows_of(place, "SELECT bytes, chunks FROM import_job") == [(size, 48)]


async def test_who_may_not_import_is_refused_before_anything_is_kept(door, place):
    mohan = await door.signed_in(place, await place.account("mohan", role="coordinator"))
    for path in ("/imports", "/imports/new"):
        assert (await mohan.get(path)).status == 403
    assert (await sent(mohan, form(mohan, b"x")))[0] == 403
    assert await rows_of(place, "SELECT count(*) FROM import_job") == [(0,)]


async def test_a_colleague_may_stop_a_file_but_not_order_it(asha, door, place, rt):
    path = await uploaded(asha)
    await mapped(asha, path)
    await worked(rt, place, path)
    ravi = await door.signed_in(place, await place.account("ravi"))
    assert "/order" not in (await ravi.get(path)).text
    assert (await ravi.get(f"{path}/edit")).status == 403
    assert (await ravi.post(f"{path}/order")).status == 403
    assert (await ravi.post(f"{path}/cancel")).status == 303
    assert "It was stopped" in (await asha.get(path)).words
    assert (await asha.post(f"{path}/order")).status == 409
    assert (await asha.post(f"{path}/juggle")).status == 404


async def test_a_page_without_scripts_looks_again_by_itself_while_there_is_work(asha, place, rt):
    path = await uploaded(asha)
    await mapped(asha, path)
    assert 'http-equiv="refresh"' in (await asha.get(path)).text
    await worked(rt, place, path)
    assert 'http-equiv="refresh"' not in (await asha.get(path)).text


@pytest.mark.parametrize(
    ("written", "column", "shown"),
    [
        ("+911100000001", "phone", "••••• ••001"),
        ("1100000001", None, "••••• ••001"),
        ("1100000001", "-", "••••• ••001"),
        ("१२३४५६७८९०", None, "••••• ••८९०"),
        ("1100000001", "reference", "1100000001"),
        ("@asha_w", "telegram", "@•••"),
        ("asha@example.invalid", "email", "a•••@example.invalid"),
        ("आशा", "name", "आशा"),
        ("", "phone", ""),
    ],
)
def test_a_sample_shows_what_it_is_but_nobodys_number(written, column, shown):
    assert sample(written, column) == shown


async def test_an_export_is_a_file_of_what_one_may_see(door, place, rt):
    await place.person("east-one", chat="c:1")
    await place.person("west-one", chat="c:2")
    mohan = await door.signed_in(place, await place.account("mohan", at="east", role="coordinator"))
    page = await mohan.get("/exports")
    assert "Unit east" in page.words

    masked = await mohan.post("/exports", {"kind": "people"})
    whole = await mohan.post("/exports", {"kind": "people", "unmask": "yes"})
    below = await mohan.post("/exports", {"kind": "people", "unit": "east-two"})

    assert masked.status == 200
    assert "attachment" in masked.headers["Content-Disposition"]
    assert "people-" in masked.headers["Content-Disposition"]
    assert [text.text.count("Invented Name") for text in (masked, whole, below)] == [1, 1, 0]
    assert [("c:1" in text.text) for text in (masked, whole)] == [False, True]
    assert (await mohan.post("/exports", {"kind": "people", "unit": "west"})).status == 422
    assert (await mohan.post("/exports", {"kind": "voters"})).status == 422
    exported = (
        "SELECT facts->>'rows', facts->>'unmasked' FROM record WHERE kind = 'people.exported'"
    )
    assert await rows_of(place, exported) == [("1", "false"), ("1", "true"), ("0", "false")]


async def test_who_may_not_export_gets_nothing(door, place):
    desk = await door.signed_in(place, await place.account("seema", role="desk"))
    assert (await desk.get("/exports")).status == 403
    assert (await desk.post("/exports", {"kind": "people"})).status == 403
