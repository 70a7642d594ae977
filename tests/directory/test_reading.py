"""Files that are broken as a whole, and columns that must not be."""

import csv
import io
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chaupal.directory import Kind, headings, reading, usual
from chaupal.directory.forbidden import is_forbidden
from chaupal.directory.models import COLUMNS
from chaupal.kit.refusals import Invalid, Refused

HEADER = "code,parent_code,level,name_hi,name_en\n"
ROW = "a,b,booth,अ,A\n"

BROKEN = {
    "empty": (b"", "import.missing_column", {"column": "code"}),
    "a quote that never closes": (
        (HEADER + ROW + 'a,"b,booth,x,x\n' + ROW * 3).encode(),
        "import.broken_csv",
        {"line": 3},
    ),
    "text after a quote": (
        (HEADER + 'a,"b"c,booth,x,x\n').encode(),
        "import.broken_csv",
        {"line": 2},
    ),
    "a NUL": ((HEADER + ROW + "a,\x00,booth,x,x\n").encode(), "import.broken_csv", {"line": 3}),
    "a line without an end": (
        (HEADER + "a" * 1_100_000).encode(),
        "import.broken_csv",
        {"line": 2},
    ),
    "an old encoding": ((HEADER + "a,b,booth,\xe9,x\n").encode("latin-1"), "import.encoding", {}),
    "UTF-16 without its mark": ((HEADER + ROW).encode("utf-16-le"), "import.encoding", {}),
    "UTF-16 cut in a letter": ((HEADER + ROW).encode("utf-16")[:-1], "import.encoding", {}),
    "a column too many": (
        HEADER.replace("level", "level,shoe size").encode(),
        "import.unknown_column",
        {"column": "shoe size"},
    ),
    "a column too few": (
        HEADER.replace(",name_hi", "").encode(),
        "import.missing_column",
        {"column": "name_hi"},
    ),
    "a column twice": (
        HEADER.replace("name_hi", "code").encode(),
        "import.repeated_column",
        {"column": "code"},
    ),
    "no header": (ROW.encode(), "import.missing_column", {"column": "code"}),
    "a heading that is a number": (
        HEADER.replace("level", "level,+919876543210").encode(),
        "import.unknown_column",
        {"column": "no. 4"},
    ),
}


@pytest.mark.parametrize(("file", "code", "facts"), BROKEN.values(), ids=BROKEN.keys())
def test_a_file_that_is_broken_is_refused_by_name_and_line(file, code, facts):
    with pytest.raises(Invalid) as refused:
        list(reading.rows(io.BytesIO(file), Kind.UNITS))
    assert (refused.value.code, refused.value.facts) == (code, facts)


def test_lines_are_those_of_the_file_even_after_a_field_of_several_lines():
    file = HEADER + 'a,b,booth,"x\ny",z\n\n,,,,\nc,d,booth,x,z\ntoo,few\n'
    rows = list(reading.rows(io.BytesIO(file.encode()), Kind.UNITS))
    assert [(row.line, row.written is not None) for row in rows] == [
        (2, True),
        (6, True),
        (7, False),
    ]


def test_the_source_stays_open_for_its_owner():
    source = io.BytesIO(HEADER.encode())
    assert list(reading.rows(source, Kind.UNITS)) == []
    assert not source.closed


PEOPLE = "reference,unit_code,name\n"


def read(text: str, kind=Kind.PEOPLE, **options):
    return list(reading.rows(io.BytesIO(text.encode()), kind, **options))


def test_the_usual_headings_are_understood_by_themselves():
    text = "क्र.सं.,Mobile No.,पूरा नाम,बूथ कोड,सदस्यता क्रमांक\n1,98,आशा,b1,p1\n"
    [row] = read(text)
    assert row.written == {"phone": "98", "name": "आशा", "unit_code": "b1", "reference": "p1"}


def test_a_heading_that_nobody_knows_is_asked_for_and_never_guessed():
    text = "reference,unit_code,name,Remarks\np1,b1,A,kind\n"
    with pytest.raises(Invalid, match=r"import\.unknown_column"):
        read(text)
    [row] = read(text, mapping={"remarks": "-"})
    assert row.written == {"reference": "p1", "unit_code": "b1", "name": "A"}
    with pytest.raises(Invalid, match=r"import\.column_absent"):
        read(text, mapping={"Remarks": "shoe size"})
    with pytest.raises(Invalid, match=r"import\.heading_absent"):
        read(text, mapping={"Remark": "-"})


def test_of_two_headings_that_sound_alike_neither_is_guessed():
    text = "reference,unit_code,name,Mobile,Contact No\np1,b1,A,1,2\n"
    with pytest.raises(Invalid, match=r"import\.unknown_column"):
        read(text)
    [row] = read(text, mapping={"Mobile": "phone", "Contact No": "-"})
    assert row.written["phone"] == "1"
    with pytest.raises(Invalid, match=r"import\.repeated_column"):
        read(text, mapping={"Mobile": "phone", "Contact No": "phone"})


def test_a_forbidden_column_refuses_the_file_even_where_it_would_be_left_out():
    text = PEOPLE.replace("name", "name,Caste") + "p1,b1,A,x\n"
    with pytest.raises(Invalid, match=r"import\.forbidden_column"):
        read(text, mapping={"Caste": "-"})
    with pytest.raises(Invalid, match=r"import\.forbidden_column"):
        reading.preview(io.BytesIO(text.encode()), Kind.PEOPLE)


def test_below_a_blank_heading_nothing_is_lost_in_silence():
    text = "reference,unit_code,name,,\np1,b1,A,,\np2,b1,B,x,\n"
    assert [row.written is None for row in read(text)] == [False, True]


def test_what_excel_says_of_separators_is_no_header():
    [row] = read("sep=;\r\nreference;unit_code;name\r\np1;b1;A,B\r\n")
    assert (row.line, row.written["name"]) == (3, "A,B")


def test_blank_lines_above_the_header_are_no_header():
    [row] = read("\n  \n" + PEOPLE + "p1,b1,A\n")
    assert row.line == 4


def test_a_preview_shows_what_a_person_must_decide():
    text = "मोबाइल नंबर;नाम;Remarks;S.No.\n" + "".join(f"{n};A;x;{n}\n" for n in range(9))
    shown = reading.preview(io.BytesIO(("\ufeff" + text).encode("utf-16-le")), Kind.PEOPLE)
    assert (shown.written_as, shown.encoding, shown.separator) == ("csv", "utf-16", ";")
    assert [head.column for head in shown.headings] == ["phone", "name", None, "-"]
    assert shown.missing == ("reference", "unit_code")
    assert shown.rows == tuple((str(n), "A", "x", str(n)) for n in range(5))
    assert "A" not in repr(shown).replace("Remarks", "")


def test_every_usual_heading_means_one_column_and_none_is_forbidden():
    for kind, columns in usual.HEADINGS.items():
        assert columns.keys() <= COLUMNS[kind].known
        for column, words in columns.items():
            for word in words:
                assert not is_forbidden(word)
                [heard] = headings.suggested([word], kind)
                assert heard.column == column, word


def test_a_sheet_of_a_csv_file_is_refused():
    with pytest.raises(Invalid, match=r"import\.sheet_unknown"):
        read(PEOPLE, sheet="Sheet1")


def test_more_columns_than_anybody_needs_are_refused():
    with pytest.raises(Invalid, match=r"import\.too_many_columns"):
        read(",".join(f"c{n}" for n in range(101)) + "\n")


@settings(max_examples=300, deadline=None)
@given(
    st.one_of(
        st.binary(max_size=300),
        st.text(alphabet="abक,;\t\"\r\n'=\x00 ", max_size=200).map(
            lambda text: (PEOPLE + text).encode()
        ),
        st.text(max_size=200).map(lambda text: (PEOPLE + text).encode("utf-16", "ignore")),
    )
)
def test_any_bytes_are_read_or_refused_and_nothing_else(file):
    width = 3
    with suppress(Refused):
        for row in reading.rows(io.BytesIO(file), Kind.PEOPLE):
            assert row.written is None or len(row.written) == width


fields_of_csv = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\x00"))


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.tuples(fields_of_csv, fields_of_csv, fields_of_csv), max_size=5),
    st.sampled_from([",", ";", "\t"]),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
    st.sampled_from(["\n", "\r\n", "\r"]),
)
def test_what_is_written_is_read_whatever_separates_ends_and_encodes(rows, separator, code, end):
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=separator, lineterminator=end, quoting=csv.QUOTE_ALL)
    writer.writerows([("reference", "unit_code", "name"), *rows])
    file = io.BytesIO(text.getvalue().encode(code))
    found = [tuple(row.written.values()) for row in reading.rows(file, Kind.PEOPLE)]
    assert found == [row for row in rows if any(map(str.strip, row))]
