"""Columns of religion, caste, a vote or a card stop a file; doubtful ones are asked about."""

import io

import pytest

from chaupal.directory import headings, reading
from chaupal.directory.forbidden import is_doubtful, is_forbidden
from chaupal.directory.models import Kind
from chaupal.kit.refusals import Invalid

FORBIDDEN = [
    "religion", "Religion ", "CASTE", "sub_caste", "memberCaste", "jati", "जाति",
    "उप-जाति", "धर्म", "मज़हब", "मजहब", "EPIC", "epic no.", "Voter ID",
    "voter_id", "VoterID", "मतदाता संख्या", "मतदाता पहचान पत्र", "Aadhaar No",
    "aadhar", "gotra", "गोत्र", "वोटर आईडी", "religious group", "समाज", "Samaj",
    "समाज का नाम", "बिरादरी", "Biradari", "जनजाति", "SC/ST/OBC", "SC/ST", "sc_st",
    "S.C.", "S.T", "SC", "ST", "OBC", "O.B.C.", "Gen/OBC/SC/ST", "General/SC/ST",
    "EWS", "MBC", "ओबीसी", "एससी/एसटी", "अनुसूचित जाति", "पिछड़ा वर्ग",
    "Caste Category", "Social Category (SC/ST/OBC)", "आरक्षण", "Reservation",
    "Scheduled Tribe", "Backward Class", "Ethnicity", "वोट", "Vote", "Voters",
    "Electoral roll no", "EPIC Number", "Voter Card", "वोटर कार्ड",
    "निर्वाचक क्रमांक", "आधार नंबर", "खाप", "कौम",
]  # fmt: skip
ALLOWED = [
    "name", "broadcaster", "sector", "sender", "categories", "language",
    "consent_basis", "address", "नाम", "इकाई", "jatin_code", "epicentre",
    "समाज सेवा", "समाजसेवी", "Samaj Seva", "सामाजिक कार्य", "Samajwadi",
    "सहमति का आधार", "मतदान केंद्र", "Status", "State", "St. No.", "Scheme",
    "कुल सदस्य", "General", "Secretary", "Booth", "Polling station", "Ward",
    "Race course road",
]  # fmt: skip
DOUBTFUL = ["Community", "community name", "समुदाय", "Samuday", "Category", "वर्ग", "श्रेणी"]


@pytest.mark.parametrize("name", FORBIDDEN)
def test_a_column_of_religion_caste_or_vote_refuses_the_whole_file(name):
    assert is_forbidden(name)
    header = f"reference,unit_code,name,{name}\np1,u,n,x\n"
    for mapping in ({}, {name: "-"}):  # also where it would be left out
        with pytest.raises(Invalid, match=r"import\.forbidden_column"):
            list(reading.rows(io.BytesIO(header.encode()), Kind.PEOPLE, mapping=mapping))


@pytest.mark.parametrize("name", ALLOWED)
def test_an_ordinary_column_is_not_taken_for_one(name):
    assert not is_forbidden(name)


@pytest.mark.parametrize("name", DOUBTFUL)
def test_what_may_mean_caste_or_something_harmless_is_asked_about(name):
    assert is_doubtful(name)
    assert not is_forbidden(name)
    file = io.BytesIO(f"reference,unit_code,name,{name}\np1,u,n,x\n".encode())
    assert headings.suggested([name], Kind.PEOPLE)[0].column is None
    with pytest.raises(Invalid, match=r"import\.doubtful_column"):
        list(reading.rows(file, Kind.PEOPLE))
    file.seek(0)
    assert len(list(reading.rows(file, Kind.PEOPLE, mapping={name: "-"}))) == 1


def test_a_category_of_ours_is_not_doubted_where_it_belongs():
    assert headings.suggested(["वर्ग"], Kind.MEMBERSHIPS)[0].column == "category"
    assert headings.suggested(["Category"], Kind.GROUPS)[0].column == "categories"
