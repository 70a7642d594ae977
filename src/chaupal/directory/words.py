"""How each row of a file ended, and why, in the words of both languages. Pure."""

from collections.abc import Mapping

from chaupal.directory.models import Outcome, Reason

# English, Hindi.
OUTCOMES: Mapping[Outcome, tuple[str, str]] = {
    Outcome.ACCEPTED: ("accepted", "स्वीकृत"),
    Outcome.UPDATED: ("updated", "बदली गईं"),
    Outcome.UNCHANGED: ("unchanged", "जैसी थीं"),
    Outcome.REFUSED: ("refused", "अस्वीकृत"),
}

REASONS: Mapping[Reason, tuple[str, str]] = {
    Reason.WRONG_NUMBER_OF_FIELDS: (
        "The row has more or fewer fields than the header.",
        "पंक्ति में शीर्षक से अधिक या कम खाने हैं।",
    ),
    Reason.MISSING: ("A field that is needed is blank.", "एक ज़रूरी खाना ख़ाली है।"),
    Reason.TOO_LONG: ("A field is too long.", "एक खाना बहुत लंबा है।"),
    Reason.MALFORMED: (
        "An address is not as its channel writes it.",
        "पता सही रूप में नहीं।",
    ),
    Reason.CONTROL_CHARACTER: (
        "A field holds characters that are no text.",
        "खाने में ऐसे चिह्न हैं जो पाठ नहीं हैं।",
    ),
    Reason.NOT_A_NUMBER: ("A number is not a whole number.", "संख्या पूर्णांक नहीं है।"),
    Reason.OUT_OF_RANGE: ("A number is too large.", "संख्या बहुत बड़ी है।"),
    Reason.NOT_A_CHOICE: (
        "A word is not one of those the column takes.",
        "शब्द इस स्तंभ के स्वीकृत शब्दों में नहीं है।",
    ),
    Reason.PHONE_SCIENTIFIC: (
        "The spreadsheet turned the number into 9.19E+11: format the column as text, save again.",
        "स्प्रेडशीट ने नंबर को 9.19E+11 बना दिया: स्तंभ को टेक्स्ट बनाकर फिर सहेजिए।",
    ),
    Reason.PHONE_MALFORMED: ("The phone number cannot be one.", "फ़ोन नंबर सही नहीं है।"),
    Reason.CONSENT_INCOMPLETE: (
        "Consent needs its basis, its proof and the notice's version.",
        "सहमति के लिए आधार, प्रमाण और सूचना का संस्करण तीनों चाहिए।",
    ),
    Reason.SENDER_MISMATCH: (
        "The sender does not go with the channel; WhatsApp groups have none.",
        "प्रेषक इस चैनल का नहीं है; WhatsApp समूहों का प्रेषक नहीं होता।",
    ),
    Reason.CHANNEL_EXCLUDED: (
        "The provider of this channel does not take organisations of this kind.",
        "इस माध्यम को चलाने वाली कंपनी ऐसे संगठनों को नहीं लेती।",
    ),
    Reason.REPEATED: (
        "An earlier line of the file says it already.",
        "यह पिछली पंक्ति में आ चुका है।",
    ),
    Reason.OUTSIDE_SCOPE: ("The unit is outside your area.", "इकाई आपके क्षेत्र से बाहर है।"),
    Reason.LEVEL_UNKNOWN: ("The organisation has no such level.", "संगठन में ऐसा स्तर नहीं है।"),
    Reason.LEVEL_DIFFERS: (
        "The unit is there at another level, and levels stay.",
        "इकाई दूसरे स्तर पर है, और स्तर नहीं बदलते।",
    ),
    Reason.LEVEL_NOT_BELOW_PARENT: (
        "The level is not below the parent's.",
        "स्तर ऊपर की इकाई के स्तर से नीचे नहीं है।",
    ),
    Reason.SECOND_ROOT: (
        "There is a topmost unit already: give this one a parent_code.",
        "सबसे ऊपर की इकाई पहले से है: इसे parent_code दीजिए।",
    ),
    Reason.PARENT_UNKNOWN: (
        "The parent is neither in the tree nor in the file.",
        "ऊपर की इकाई न संगठन में है, न फ़ाइल में।",
    ),
    Reason.PARENT_DIFFERS: (
        "The unit is there below another parent, and units do not move by a file.",
        "इकाई किसी और के नीचे है, और फ़ाइल से इकाइयाँ नहीं हटतीं।",
    ),
    Reason.PARENT_CYCLE: ("The parents run in a circle.", "ऊपर की इकाइयाँ एक घेरे में घूमती हैं।"),
    Reason.PARENT_REFUSED: ("The row of the parent was refused.", "ऊपर की इकाई की पंक्ति अस्वीकृत हुई।"),
    Reason.UNIT_UNKNOWN: ("There is no unit of this code.", "इस कोड की इकाई नहीं है।"),
    Reason.ADDRESS_REPEATED: (
        "An earlier line gives the same address to somebody else.",
        "पिछली पंक्ति में यही पता किसी और का है।",
    ),
    Reason.ADDRESS_TAKEN: ("Somebody else has this address.", "यह पता किसी और का है।"),
    Reason.ADDRESS_SUPPRESSED: (
        "Nothing may be sent to this address: its owner said so, or was erased.",
        "इस पते पर कुछ नहीं भेजा जा सकता: मालिक ने मना किया है, या उनका नाम मिटाया जा चुका है।",
    ),
    Reason.CONSENT_WITHDRAWN: (
        "They have withdrawn consent; only they can give it anew.",
        "सहमति वापस ली जा चुकी है; नई सहमति वही दे सकते हैं।",
    ),
    Reason.SENDER_UNKNOWN: ("There is no sender of this name.", "इस नाम का प्रेषक नहीं है।"),
    Reason.PURPOSE_DIFFERS: (
        "The group is there with the other purpose, and a file never opens an internal group.",
        "समूह का उद्देश्य दूसरा है, और फ़ाइल से आंतरिक समूह सार्वजनिक नहीं होता।",
    ),
    Reason.GROUP_ARCHIVED: ("The group is archived.", "समूह संग्रह में रखा जा चुका है।"),
    Reason.CATEGORY_UNKNOWN: ("There is no such category.", "ऐसा वर्ग नहीं है।"),
    Reason.ADMIN_UNKNOWN: ("An admin is not among the people.", "एक एडमिन लोगों की सूची में नहीं है।"),
    Reason.NOT_A_DATE: (
        "A date is not one: write day, month and a year of four digits, such as 31-01-2026.",
        "तारीख़ सही नहीं: दिन, महीना और चार अंकों का साल लिखिए, जैसे 31-01-2026।",
    ),
    Reason.CODE_SCIENTIFIC: (
        "The spreadsheet turned the code into 1.23E+15: format the column as text, save again.",
        "स्प्रेडशीट ने कोड को 1.23E+15 बना दिया: स्तंभ को टेक्स्ट बनाकर फिर सहेजिए।",
    ),
    Reason.FORMULA_BROKEN: (
        "A formula has failed and shows #N/A or the like: put the value itself there.",
        "फ़ॉर्मूला टूट गया है और #N/A जैसा दिखता है: उसकी जगह असली मान लिखिए।",
    ),
    Reason.UNIT_ENDED: ("The unit has ended.", "यह इकाई समाप्त हो चुकी है।"),
    Reason.PERSON_UNKNOWN: (
        "There is no person of this number.",
        "इस सदस्य क्रमांक का कोई व्यक्ति नहीं है।",
    ),
    Reason.ENDS_BEFORE_START: (
        "It would end before it begins.",
        "समाप्ति की तारीख़ शुरुआत से पहले है।",
    ),
    Reason.OFFICE_HELD: (
        "Its holder is not in the file: put their row in too, with a last day if they are to go.",
        "यह पद जिनके पास है वे फ़ाइल में नहीं: उनकी पंक्ति भी रखिए, हट रहे हों तो आख़िरी दिन के साथ।",
    ),
    Reason.OVERLAPS: (
        "The days run into those of another row, or of what is there already.",
        "ये दिन किसी दूसरी पंक्ति से, या जो पहले से दर्ज है उससे टकराते हैं।",
    ),
    Reason.TOO_MANY_ALIKE: (
        "More than 1,000 offices of one name at one unit.",
        "एक इकाई में एक ही नाम के 1,000 से ज़्यादा पद।",
    ),
    Reason.ADMINISTRATOR_BY_HAND: (
        "Administrators are appointed on the page of offices, not by a file.",
        "प्रशासक दायित्वों के पन्ने पर बनाए जाते हैं, फ़ाइल से नहीं।",
    ),
}
