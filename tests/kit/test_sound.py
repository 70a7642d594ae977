"""Names are found however they are spelt, in either script; and different names stay apart."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chaupal.kit.sound import FORM_LENGTH, SPANS, apart, search_key, spans
from chaupal.rehearsal.names import NAMES
from chaupal.rehearsal.places import DISTRICTS

ALIKE = """
श्री/Shri Shri/Shree Shri/Sri Shree/Sri Sh./Shri श्रीमती/Shrimati श्रीमती/Smt. Smt./Shrimati
श्रीराम/Shri_Ram श्रीनिवास/Shrinivas Srinivas/Shriniwas सृष्टि/Srishti
जय/Jai Jai/Jay Jay/Jaya संजय/Sanjay Sanjay/Sanjai विजय/Vijay Vijay/Bijay Vijay/Vijai अजय/Ajay
नारायण/Narayan नारायण/Narain गायत्री/Gayatri गायत्री/Gaytri जयश्री/Jayshree जयश्री/Jaishri
चौधरी/Chaudhary Chaudhary/Choudhary Chaudhary/Chaudhari Chaudhary/Choudhari Chaudhary/Chodhary
सिंह/Singh Singh/Sing Singh/Sinh सिंघ/Singh सिंह/Sinh नरसिंह/Narsingh रायसिंह/Raisingh
ज्ञान/Gyan Gyan/Jnan ज्ञानेश्वर/Gyaneshwar ज्ञानेश्वर/Dnyaneshwar यज्ञ/Yagya यज्ञ/Yajna
प्रज्ञा/Pragya विज्ञान/Vigyan रजनी/Rajni राजनाथ/Rajnath
क्षत्रिय/Kshatriya लक्ष्मी/Laxmi लक्ष्मी/Lakshmi लक्ष्मण/Laxman लक्ष्मण/Lakshman अक्षय/Akshay
लक्ष्मण/Lakshmana अक्षय/Akshaya अक्षय/Axay
व/ब वीर/Bir वीरेंद्र/Birendra वीरेन्द्र/Virendra विमला/Bimla विष्णु/Bishnu बंसी/Vansi
विकास/Bikas वसंत/Basant Wasim/Vasim वसीम/Wasim भंवर/Bhanwar भंवर/Bhanvar भँवर/Bhanwar
राम/Ram Ram/Rama राम/Rama अशोक/Ashok अशोक/Ashoka मिश्र/Mishra मिश्रा/Mishra गुप्त/Gupta
गुप्ता/Gupta योग/Yoga
रामलाल/Ram_Lal Ramlal/राम_लाल Ram_Lal/Ramlal रामलाल/Ramlal रामकिशन/Ram_Kishan
शिवराज/Shiv_Raj देवीलाल/Devi_Lal मोहनलाल/Mohan_Lal ओमप्रकाश/Om_Prakash Omprakash/ओम_प्रकाश
हनुमानराम/Hanuman_Ram थानाराम/Thana_Ram Lal_Ram/राम_लाल
सीता/Sita Sita/Seeta गीता/Geeta गीता/Gita Meena/Mina मीना/Meena दीपक/Deepak दीपक/Dipak
Pradeep/Pradip प्रदीप/Pradeep नवीन/Naveen नवीन/Navin प्रवीण/Praveen प्रवीण/Parveen
सुशीला/Sushila Sushila/Susheela
पूजा/Pooja पूजा/Puja पूनम/Poonam पूनम/Punam फूल/Phool Phool/Phul फूलचंद/Fulchand रूप/Roop
रूप/Rup Anoop/Anup अनूप/Anoop
मोहम्मद/Mohammad Mohammad/Mohammed Mohammad/Muhammad Mohammad/Mohamad Mohd./Mohammad
मो./Mohammad मुहम्मद/Mohammad हुसैन/Hussain Hussain/Husain Hussain/Hussein हुसैन/Husain
अहमद/Ahmad अहमद/Ahmed अली/Ali इमरान/Imran यूसुफ़/Yusuf यूसुफ/Yousuf रफ़ीक़/Rafiq
रफीक/Rafeeq रफ़ीक़/Rafik शेख/Sheikh शेख/Shaikh ख़ान/Khan खान/Khan फ़िरोज़/Firoz फ़िरोज़/फिरोज
ज़ाहिद/Zahid जाहिद/Jahid अज़ीज़/Aziz अज़ीज़/Ajij बेगम/Begum बेगम/Begam
कृष्ण/Krishna कृष्णा/Krishna किशन/Kishan ऋषि/Rishi हृदय/Hriday
चंद/Chand चन्द/Chand चाँद/Chand चांद/Chand चंद्र/Chandra चन्द्र/Chandra सुरेंद्र/Surendra
सुरेन्द्र/Surendra नरेन्द्र/नरेंद्र संतोष/Santosh सन्तोष/Santosh शांति/Shanti शान्ति/Shanti
गंगा/Ganga गङ्गा/Ganga पञ्च/पंच सम्पत/संपत संपत/Sampat अम्बा/अंबा
राठौड़/Rathore राठौड़/Rathod राठौड़/Rathor राठौर/Rathore गौड़/Gaur गौड़/Gaud गढ़/Garh
गढ़/Gadh चित्तौड़गढ़/Chittaurgarh चौहान/Chauhan चौहान/Chouhan चौहान/Chohan
कैलाश/Kailash कैलाश/Kailas जैन/Jain मैना/Maina बैरवा/Bairwa बाई/Bai गोयल/Goyal गोयल/Goel
दुबे/Dubey दुबे/Dube राव/Rao राव/Rav यादव/Yadav यादव/Yadaw देव/Dev देव/Deo शिव/Shiv
शिव/Sheo गांव/Gaon गाँव/Gaon गहलोत/Gehlot गहलोत/Gahlot मेहता/Mehta महेंद्र/Mahendra
भाटिया/Bhatia भाटिया/Bhatiya प्रिया/Priya रिया/Ria दिव्या/Divya कल्याण/Kalyan
आदित्य/Aditya सत्य/Satya
धन्ना/Dhanna गोपाल/Gopal घनश्याम/Ghanshyam छगन/Chhagan छगन/Chagan ठाकुर/Thakur
ठाकुर/Takur ढोला/Dhola
बूथ_१२/Booth_12 बूथ_१२/बूथ_12 वार्ड_५/Ward_5 RAM/ram D'Souza/DSouza Rāma/राम
बीकानेर/Beekaner जयपुर/Jaypur श्रीगंगानगर/Shree_Ganganagar श्रीगंगानगर/Ganganagar
श्रीडूंगरगढ़/Dungargarh नागौर/Nagour लाडनूं/Ladnu
"""

# What Latin letters leave open (कमला and कमल are both Kamal to a clerk) cannot be told apart.
APART = """
देवी/Dev Devi/Divya देवी/दिव्या Mohan/Mahen मोहन/महान Kiran/Karan Sita/Santa सीता/सुनीता
Sinha/Singh सिन्हा/सिंह Bhati/Bhatia भाटी/भाटिया Ram/Rani Ramesh/Ramu Suresh/Suraj Sunil/Sonal
Gita/Gupta Rita/Ruta Mina/Mona मीना/मोना Lila/Lola Rai/Rao राय/राव राजेश/राकेश महेश/मुकेश
गणेश/दिनेश अनिल/सुनील कोटा/कोटड़ा पाली/पल्लू बाली/बाड़ी नोखा/नावां Jaipur/Jodhpur
Udaipur/Dholpur अजमेर/आमेर Rajgarh/Ramgarh Sikar/Sikri Sojat/Sujangarh कमला/कमली Anita/Anil
Gopal/Gopi Ratan/Rattu Asha/Usha आशा/उषा Om/Uma शर्मा/वर्मा Sharma/Verma 12/21 11/1
Pukhraj/Prakash Farooq/Parikh Sohan/Mohan Salim/Salma सलीम/सलमा Ali/Alu Hira/Hari
Jagdish/Jagat कुमारी/कमर Moti/Mati Tara/Tari Naina/Nanu Bansi/Basu Puran/Prana Ram_Lal/Ram_Das
"""


def pairs(words: str):
    return [
        pytest.param(*(part.replace("_", " ") for part in pair.split("/")), id=pair)
        for pair in words.split()
    ]


def turned(name: str):
    """The keys under which a name stands, as migration 0015 makes them."""
    for form in search_key(name).split("|"):
        words = form.split(" ")
        for place in range(len(words)):
            yield " ".join(words[place:] + words[:place])


def finds(typed: str, name: str) -> bool:
    keys = list(turned(name))
    return any(span.low <= key < span.high for span in spans(typed) for key in keys)


@pytest.mark.parametrize(("one", "other"), pairs(ALIKE))
def test_spellings_of_one_name_find_each_other(one, other):
    assert finds(one, other)
    assert finds(other, one)


@pytest.mark.parametrize(("one", "other"), pairs(APART))
def test_names_that_differ_stay_apart(one, other):
    assert search_key(one) != search_key(other)


def test_there_are_enough_real_pairs():
    assert len(set(ALIKE.split())) > 200
    assert len(set(APART.split())) > 60


def test_nearly_every_place_is_found_by_its_other_name():
    towns = {(t.name_hi, t.name_en) for d in DISTRICTS for t in (d, *d.towns)}

    found = [pair for pair in towns if finds(*pair) and finds(*reversed(pair))]

    assert len(found) / len(towns) > 0.97


def test_nearly_every_person_is_found_by_their_name_in_the_other_script():
    people = set(NAMES)

    found = [name for name in people if finds(name.hi, name.en) and finds(name.en, name.hi)]

    assert len(found) / len(people) > 0.99


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("ram", "Ramesh Kumar"),
        ("sanj", "संजय चौधरी"),
        ("kumar ram", "राम कुमार"),
        ("ram sin", "Ram Singh Rathore"),
        ("sharma ram", "Ram Kumar Sharma"),
        ("ram sharma", "Ram Kumar Sharma"),
        ("श्री राम लाल", "Ram Lal"),
        ("Smt Sita Devi", "सीता देवी"),
        ("ramlal sharma", "Ram Lal Sharma"),
        ("12 jaipur", "Booth 12, Jaipur"),
        ("सांगानेर बूथ", "बूथ 7, सांगानेर"),
        ("kuchaman", "Didwana-Kuchaman"),
    ],
)
def test_a_part_of_a_name_finds_it(typed, name):
    assert finds(typed, name)


@pytest.mark.parametrize(
    ("typed", "name"),
    [("ra lal", "Ramesh Lal"), ("12", "Booth 21"), ("mesh", "Ramesh"), ("ramesh lal", "Ramesh")],
)
def test_only_the_last_word_may_be_unfinished(typed, name):
    assert not finds(typed, name)


def test_words_that_stand_apart_in_a_long_name_are_known_word_by_word():
    assert not finds("booth nagar", "Booth 12, Jaipur Nagar East")
    assert apart("booth nagar") == [["but", "ngr"]]
    assert apart("nagar") == []


@given(st.lists(st.text(max_size=320), min_size=1, max_size=2))
def test_a_key_is_never_empty_and_never_long(names):
    key = search_key(*names)

    forms = key.split("|")
    assert 1 <= len(forms) <= 2 * len(names)
    assert all(form and len(form) <= FORM_LENGTH for form in forms)
    assert all(form == " ".join(form.split()) for form in forms)


@given(st.text(alphabet=string.ascii_letters + " कखगघचछजझटडतदनपबमयरलवशसहािीुूेैोौं्", min_size=1))
def test_case_space_and_doubled_marks_change_nothing(name):
    assert search_key(name) == search_key(f"  {name.upper()}  ") == search_key(name.title())


@given(st.sampled_from(NAMES), st.sampled_from(["hi", "en"]))
def test_a_name_finds_itself(name, language):
    assert finds(getattr(name, language), getattr(name, language))


@given(st.text(max_size=100))
def test_whatever_is_typed_asks_for_a_bounded_number_of_spans(typed):
    found = spans(typed)

    assert len(found) <= SPANS
    assert all(span.low and span.low < span.high for span in found)
