import re
import unicodedata

import pytest

from chaupal.rehearsal.places import DISTRICTS, DIVISIONS

# As notified after the decision of 28 December 2024, written out once more to be compared.
DIVISION_OF = {
    "Ajmer": "Ajmer",
    "Beawar": "Ajmer",
    "Bhilwara": "Ajmer",
    "Didwana-Kuchaman": "Ajmer",
    "Nagaur": "Ajmer",
    "Tonk": "Ajmer",
    "Bharatpur": "Bharatpur",
    "Deeg": "Bharatpur",
    "Dholpur": "Bharatpur",
    "Karauli": "Bharatpur",
    "Sawai Madhopur": "Bharatpur",
    "Bikaner": "Bikaner",
    "Churu": "Bikaner",
    "Hanumangarh": "Bikaner",
    "Sri Ganganagar": "Bikaner",
    "Alwar": "Jaipur",
    "Dausa": "Jaipur",
    "Jaipur": "Jaipur",
    "Jhunjhunu": "Jaipur",
    "Khairthal-Tijara": "Jaipur",
    "Kotputli-Behror": "Jaipur",
    "Sikar": "Jaipur",
    "Balotra": "Jodhpur",
    "Barmer": "Jodhpur",
    "Jaisalmer": "Jodhpur",
    "Jalore": "Jodhpur",
    "Jodhpur": "Jodhpur",
    "Pali": "Jodhpur",
    "Phalodi": "Jodhpur",
    "Sirohi": "Jodhpur",
    "Baran": "Kota",
    "Bundi": "Kota",
    "Jhalawar": "Kota",
    "Kota": "Kota",
    "Banswara": "Udaipur",
    "Chittorgarh": "Udaipur",
    "Dungarpur": "Udaipur",
    "Pratapgarh": "Udaipur",
    "Rajsamand": "Udaipur",
    "Salumbar": "Udaipur",
    "Udaipur": "Udaipur",
}
ABOLISHED = {
    *("Dudu", "Kekri", "Shahpura", "Neem Ka Thana", "Gangapur City", "Anupgarh", "Sanchore"),
    *("Jaipur Rural", "Jodhpur Rural"),
}


def test_every_district_stands_under_its_own_division():
    found = {
        district.name_en: division.name_en
        for division in DIVISIONS
        for district in division.districts
    }

    assert found == DIVISION_OF
    assert (len(DIVISIONS), len(DISTRICTS)) == (7, 41)


def test_the_nine_abolished_districts_are_towns_again():
    assert {district.name_en for district in DISTRICTS}.isdisjoint(ABOLISHED)
    towns = {town.name_en for district in DISTRICTS for town in district.towns}
    assert towns >= {name for name in ABOLISHED if not name.endswith("Rural")}


@pytest.mark.parametrize(("town", "district"), [("Baytu", "Barmer"), ("Gudamalani", "Balotra")])
def test_the_exchange_between_barmer_and_balotra_is_in(town, district):
    assert [d.name_en for d in DISTRICTS if town in {t.name_en for t in d.towns}] == [district]


def test_codes_and_names_are_unique_in_the_state():
    for field in ("code", "name_hi", "name_en"):
        assert len({getattr(district, field) for district in DISTRICTS}) == 41, field
        assert len({getattr(division, field) for division in DIVISIONS}) == 7, field


def test_no_district_names_a_town_twice():
    for district in DISTRICTS:
        for names in zip(*((t.name_hi, t.name_en) for t in district.towns), strict=True):
            assert len(set(names)) == len(names) >= 5, district.name_en


def test_every_name_is_in_its_own_script():
    places = [*DIVISIONS, *DISTRICTS, *(t for d in DISTRICTS for t in d.towns)]
    for place in places:
        assert re.fullmatch(r"[\u0900-\u097F][\u0900-\u097F -]*", place.name_hi), place
        assert re.fullmatch(r"[A-Z][A-Za-z -]+", place.name_en), place
        assert unicodedata.normalize("NFC", place.name_hi) == place.name_hi, place
