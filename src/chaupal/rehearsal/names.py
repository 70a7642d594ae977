"""Invented personal names in both scripts.

A given name and a second given name, as many people in Rajasthan write theirs; no surnames, so
that nobody's community or trade can be read off an invented list. Anybody real of the same name
is a coincidence.
"""

from collections.abc import Callable
from typing import NamedTuple


class Name(NamedTuple):
    """One name, as its bearer would write it in either script."""

    hi: str
    en: str


def _names(pairs: str) -> tuple[Name, ...]:
    return tuple(Name(*pair.strip().split("/")) for pair in pairs.split(","))


def _joined(given: tuple[Name, ...], second: tuple[Name, ...]) -> tuple[Name, ...]:
    return tuple(Name(f"{a.hi} {b.hi}", f"{a.en} {b.en}") for a in given for b in second)


_MEN = _names(
    "रमेश/Ramesh, सुरेश/Suresh, महेश/Mahesh, दिनेश/Dinesh, राजेश/Rajesh, मुकेश/Mukesh, "
    "गणेश/Ganesh, जगदीश/Jagdish, ओम/Om, श्याम/Shyam, मोहन/Mohan, सोहन/Sohan, किशन/Kishan, "
    "गोपाल/Gopal, भंवर/Bhanwar, हनुमान/Hanuman, शंकर/Shankar, प्रेम/Prem, विजय/Vijay, अजय/Ajay, "
    "संजय/Sanjay, मनोज/Manoj, अनिल/Anil, सुनील/Sunil, विनोद/Vinod, अशोक/Ashok, नरेंद्र/Narendra, "
    "महेंद्र/Mahendra, सुरेंद्र/Surendra, देवेंद्र/Devendra, हरीश/Harish, नवीन/Naveen, "
    "प्रवीण/Praveen, राकेश/Rakesh, कैलाश/Kailash, रतन/Ratan, पवन/Pawan, दीपक/Deepak, "
    "विकास/Vikas, रवि/Ravi"
)
_MEN_SECOND = _names("कुमार/Kumar, लाल/Lal, राम/Ram, चंद/Chand, प्रकाश/Prakash")
_WOMEN = _names(
    "सुनीता/Sunita, अनीता/Anita, गीता/Geeta, सीता/Sita, किरण/Kiran, मंजू/Manju, संतोष/Santosh, "
    "कमला/Kamla, विमला/Vimla, शारदा/Sharda, पुष्पा/Pushpa, सरोज/Saroj, सुशीला/Sushila, "
    "रेखा/Rekha, मीना/Meena, आशा/Asha, उषा/Usha, लक्ष्मी/Laxmi, पार्वती/Parvati, राधा/Radha, "
    "गायत्री/Gayatri, ममता/Mamta, पूनम/Poonam, रुक्मिणी/Rukmini, तारा/Tara, शांति/Shanti, "
    "धापू/Dhapu, भंवरी/Bhanwari, मैना/Maina, चंदा/Chanda, कविता/Kavita, सुमन/Suman, "
    "प्रियंका/Priyanka, पूजा/Pooja, नीलम/Neelam, मधु/Madhu"
)
_WOMEN_SECOND = _names("देवी/Devi, बाई/Bai, कुमारी/Kumari")
_MORE_MEN = _names(
    "इमरान अली/Imran Ali, सलीम मोहम्मद/Salim Mohammad, आरिफ़ हुसैन/Arif Hussain, "
    "यूसुफ़ अली/Yusuf Ali, रफ़ीक़ अहमद/Rafiq Ahmad, शाहिद हुसैन/Shahid Hussain, "
    "गुरप्रीत सिंह/Gurpreet Singh, हरजीत सिंह/Harjeet Singh, जसवंत सिंह/Jaswant Singh, "
    "जोसेफ़ पॉल/Joseph Paul"
)
_MORE_WOMEN = _names(
    "सलमा बानो/Salma Bano, रुख़साना बेगम/Rukhsana Begum, शबनम बानो/Shabnam Bano, "
    "नसीम बानो/Naseem Bano, फ़रज़ाना बेगम/Farzana Begum, हरप्रीत कौर/Harpreet Kaur, "
    "मनजीत कौर/Manjeet Kaur, मैरी जोसेफ़/Mary Joseph"
)

# Each of the shorter lists is repeated, so that it is met about as often as one meets it.
NAMES = (
    *_joined(_MEN, _MEN_SECOND),
    *_joined(_WOMEN, _WOMEN_SECOND),
    *_MORE_MEN * 3,
    *_MORE_WOMEN * 3,
)


def draw(dice: Callable[[], float]) -> Name:
    """Return a name; `dice` gives numbers in [0, 1), and the same dice give the same name."""
    return NAMES[int(dice() * len(NAMES))]
