"""Headings that organisations use for our columns, in Hindi, Hinglish and English. Pure.

Spaces, points, capitals and the nukta make no difference. A heading that could mean two things
is not here: it is asked for instead. Numbers of rows are left out by themselves.
"""

from collections.abc import Mapping

from chaupal.directory.models import Kind

SERIAL_NUMBERS = (
    "S.No.", "S. Number", "Sr. No.", "Sl. No.", "Serial No.", "Serial Number", "Serial",
    "क्र.", "क्र.सं.", "क्र. सं.", "क्रम", "क्रम सं.", "क्रम संख्या", "क्रमांक", "kramank", "kram sankhya",
)  # fmt: skip

_UNIT_CODE = (
    "unit", "unit code", "unit id", "booth code", "booth id", "mandal code", "ward code",
    "इकाई", "इकाई कोड", "इकाई का कोड", "बूथ कोड", "बूथ का कोड", "मंडल कोड", "वार्ड कोड",
    "ikai code", "ikai",
)  # fmt: skip
_REFERENCE = (
    "ref", "ref no", "reference no", "member id", "member no", "member number", "membership id",
    "membership no", "membership number", "member code", "person id",
    "सदस्य आईडी", "सदस्य कोड", "सदस्यता क्रमांक", "सदस्यता संख्या", "सदस्यता नंबर", "सदस्य क्रमांक",
    "sadasyata kramank", "sadasyata sankhya", "sadasya id",
)  # fmt: skip
_LANGUAGE = ("lang", "भाषा", "bhasha", "preferred language")
_CATEGORY = ("category key", "वर्ग", "श्रेणी", "varg", "shreni")
_SINCE = (
    "from", "from date", "start", "start date", "since date", "date", "date of appointment",
    "appointment date", "joining date", "date of joining",
    "से", "कब से", "दिनांक", "दिनांक से", "तिथि", "नियुक्ति दिनांक", "नियुक्ति तिथि", "नियुक्ति की तारीख",
    "तारीख", "जुड़ने की तारीख", "जुड़ने की तिथि", "kab se", "dinank", "niyukti dinank",
)  # fmt: skip
_UNTIL = (
    "to", "to date", "till", "till date", "upto", "end", "end date", "until date",
    "तक", "कब तक", "दिनांक तक", "समाप्ति", "समाप्ति दिनांक", "समाप्ति तिथि", "kab tak",
)  # fmt: skip

HEADINGS: Mapping[Kind, Mapping[str, tuple[str, ...]]] = {
    Kind.UNITS: {
        "code": ("unit code", "unit id", "booth code", "कोड", "इकाई कोड", "इकाई का कोड", "बूथ कोड",
                 "ikai code"),
        "parent_code": ("parent", "parent unit", "parent unit code", "above", "under",
                        "ऊपर की इकाई", "ऊपर की इकाई का कोड", "ऊपर का कोड", "upar ki ikai"),
        "level": ("unit level", "unit type", "स्तर", "star", "इकाई स्तर"),
        "name_hi": ("नाम", "इकाई का नाम", "इकाई नाम", "हिंदी नाम", "हिन्दी नाम", "नाम (हिंदी)",
                    "नाम (हिन्दी)", "नाम हिंदी में", "name hindi", "hindi name", "name in hindi",
                    "name (hi)", "naam hindi"),
        "name_en": ("name", "unit name", "english name", "name english", "name in english",
                    "name (en)", "अंग्रेज़ी नाम", "नाम (अंग्रेज़ी)", "नाम अंग्रेज़ी में", "naam english"),
    },
    Kind.PEOPLE: {
        "reference": (*_REFERENCE, "karyakarta id", "कार्यकर्ता आईडी"),
        "unit_code": _UNIT_CODE,
        "name": ("full name", "member name", "name of member", "person name", "worker name",
                 "नाम", "पूरा नाम", "सदस्य का नाम", "सदस्य नाम", "कार्यकर्ता का नाम", "कार्यकर्ता",
                 "naam", "pura naam", "sadasya ka naam", "karyakarta ka naam"),
        "language": _LANGUAGE,
        "phone": ("mobile", "mobile no", "mobile number", "mobile num", "mob", "mob no", "mo no",
                  "phone no", "phone number", "telephone", "contact", "contact no",
                  "contact number", "cell", "cell no",
                  "मोबाइल", "मोबाइल नं", "मोबाइल नंबर", "मोबाइल नम्बर", "मोबाइल न", "मोबाईल",
                  "मोबाईल नं", "मोबाईल नंबर", "मोबाईल नम्बर", "मो", "मो नं", "मो नंबर",
                  "फ़ोन", "फ़ोन नं", "फ़ोन नंबर", "फ़ोन नम्बर", "दूरभाष", "संपर्क", "सम्पर्क", "संपर्क नंबर",
                  "संपर्क सूत्र", "सम्पर्क सूत्र", "दूरभाष नं"),
        "email": ("e-mail", "mail", "e-mail id", "e-mail address", "ई-मेल", "ई-मेल आईडी", "ईमेल पता"),
        "telegram": ("telegram id", "telegram username", "टेलीग्राम", "टेलीग्राम आईडी"),
        "matrix": ("matrix id", "मैट्रिक्स"),
        "consent_basis": ("consent", "consent by", "सहमति", "सहमति कैसे", "सहमति का आधार", "sahmati"),
        "consent_proof": ("proof of consent", "form no", "form number", "सहमति का प्रमाण",
                          "सहमति प्रमाण", "फ़ॉर्म नं", "फ़ॉर्म नंबर", "फ़ॉर्म संख्या"),
        "notice_version": ("notice", "notice no", "सूचना", "सूचना संस्करण", "सूचना का संस्करण"),
        "consent_purposes": ("consent for", "purpose", "purposes", "सहमति किसलिए", "प्रयोजन"),
    },
    Kind.GROUPS: {
        "address": ("group id", "chat id", "group address", "ग्रुप आईडी", "समूह आईडी"),
        "reference": ("group no", "group number", "group ref", "group reference", "group code",
                      "ग्रुप नं", "ग्रुप नंबर", "ग्रुप कोड", "समूह क्रमांक", "समूह कोड"),
        "unit_code": _UNIT_CODE,
        "name": ("group name", "name of group", "नाम", "ग्रुप का नाम", "ग्रुप नाम", "समूह का नाम",
                 "समूह नाम", "naam", "group ka naam"),
        "purpose": ("group purpose", "group type", "उद्देश्य", "uddeshya", "ग्रुप प्रकार", "प्रकार"),
        "channel": ("app", "platform", "चैनल", "ऐप", "माध्यम"),
        "sender": ("bot", "sender name", "प्रेषक"),
        "language": _LANGUAGE,
        "size": ("members", "member count", "no of members", "number of members", "total members",
                 "group size", "strength", "सदस्य", "सदस्य संख्या", "कुल सदस्य", "सदस्यों की संख्या",
                 "sadasya sankhya"),
        "categories": ("category", *_CATEGORY),
        "admins": ("admin", "admin id", "admin ids", "group admin", "एडमिन", "एडमिन आईडी",
                   "ग्रुप एडमिन"),
        "notice": ("carries notice", "notice put up", "सूचना", "सूचना लगी है"),
    },
    Kind.POSTS: {
        "unit_code": _UNIT_CODE,
        "role": ("right", "rights", "भूमिका", "अधिकार", "bhumika"),
        "title_hi": ("पद", "पद नाम", "पदनाम", "पद का नाम", "दायित्व", "पद (हिंदी)", "पद हिंदी", "pad",
                     "dayitva", "designation hindi", "title hindi", "post hindi"),
        "title_en": ("title", "post", "post name", "designation", "designation english",
                     "title english", "post english", "पद (अंग्रेज़ी)", "पद अंग्रेज़ी"),
        "reference": (*_REFERENCE, "holder", "holder id", "पदाधिकारी आईडी", "पदाधिकारी"),
        "since": _SINCE,
        "until": _UNTIL,
    },
    Kind.MEMBERSHIPS: {
        "reference": _REFERENCE,
        "category": _CATEGORY,
        "since": _SINCE,
        "basis": ("joined by", "how joined", "कैसे जुड़े", "kaise jude"),
        "until": _UNTIL,
    },
}  # fmt: skip
