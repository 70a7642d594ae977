"""Rajasthan's divisions, districts and towns, as they stand since December 2024.

Seventeen districts and three divisions were added in 2023; nine of those districts and all three
divisions were abolished on 28 December 2024, which leaves 41 districts in 7 divisions. The
exchange between Barmer and Balotra of 31 December 2025 is in: Baytu with Barmer, Gudamalani and
Dhorimanna with Balotra. Khairthal-Tijara carries the name under which it was notified.

Towns are tehsil seats or towns of the district, enough to name mandals after; not a full list.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Town:
    """A place to name a mandal after."""

    name_hi: str
    name_en: str


@dataclass(frozen=True, slots=True)
class District:
    """A district under its division. `code` is unique in the state."""

    code: str
    name_hi: str
    name_en: str
    towns: tuple[Town, ...]


@dataclass(frozen=True, slots=True)
class Division:
    """One of the seven. `code` is unique among divisions only: Bikaner is a district too."""

    code: str
    name_hi: str
    name_en: str
    districts: tuple[District, ...]


def towns_of(pairs: str) -> tuple[Town, ...]:
    """Read "हिन्दी/English, …"."""
    split = (pair.strip().split("/") for pair in pairs.split(","))
    return tuple(Town(hi, en) for hi, en in split)


def _district(code: str, name_hi: str, name_en: str, pairs: str) -> District:
    return District(code, name_hi, name_en, towns_of(pairs))


STATE = Town("राजस्थान", "Rajasthan")

_AJMER = (
    _district(
        "AJM",
        "अजमेर",
        "Ajmer",
        "अजमेर/Ajmer, पुष्कर/Pushkar, किशनगढ़/Kishangarh, नसीराबाद/Nasirabad, पीसांगन/Pisangan, "
        "केकड़ी/Kekri, सरवाड़/Sarwar, भिनाय/Bhinay, अराई/Arain, रूपनगढ़/Roopangarh, सावर/Sawar",
    ),
    _district(
        "BEA",
        "ब्यावर",
        "Beawar",
        "ब्यावर/Beawar, मसूदा/Masuda, बिजयनगर/Bijainagar, टॉडगढ़/Todgarh, जैतारण/Jaitaran, "
        "रायपुर/Raipur, बदनोर/Badnor",
    ),
    _district(
        "BHL",
        "भीलवाड़ा",
        "Bhilwara",
        "भीलवाड़ा/Bhilwara, शाहपुरा/Shahpura, जहाजपुर/Jahazpur, मांडलगढ़/Mandalgarh, आसींद/Asind, "
        "मांडल/Mandal, सहाड़ा/Sahara, कोटड़ी/Kotri, बनेड़ा/Banera, हुरड़ा/Hurda, बिजौलिया/Bijolia, "
        "गंगापुर/Gangapur, करेड़ा/Kareda, हमीरगढ़/Hamirgarh",
    ),
    _district(
        "DKU",
        "डीडवाना-कुचामन",
        "Didwana-Kuchaman",
        "डीडवाना/Didwana, कुचामन/Kuchaman, लाडनूं/Ladnun, मकराना/Makrana, परबतसर/Parbatsar, "
        "नावां/Nawa, मौलासर/Maulasar, छोटी खाटू/Chhoti Khatu",
    ),
    _district(
        "NAG",
        "नागौर",
        "Nagaur",
        "नागौर/Nagaur, मेड़ता/Merta, डेगाना/Degana, खींवसर/Khinvsar, जायल/Jayal, मूंडवा/Mundwa, "
        "रियां बड़ी/Riyan Badi",
    ),
    _district(
        "TON",
        "टोंक",
        "Tonk",
        "टोंक/Tonk, मालपुरा/Malpura, निवाई/Niwai, टोडारायसिंह/Todaraisingh, उनियारा/Uniara, "
        "देवली/Deoli, पीपलू/Peeplu, दूनी/Dooni",
    ),
)

_BHARATPUR = (
    _district(
        "BTP",
        "भरतपुर",
        "Bharatpur",
        "भरतपुर/Bharatpur, बयाना/Bayana, वैर/Weir, नदबई/Nadbai, रूपवास/Rupbas, भुसावर/Bhusawar, "
        "उच्चैन/Uchchain",
    ),
    _district(
        "DEE",
        "डीग",
        "Deeg",
        "डीग/Deeg, कामां/Kaman, कुम्हेर/Kumher, सीकरी/Sikri, पहाड़ी/Pahari, जनूथर/Janoothar",
    ),
    _district(
        "DHO",
        "धौलपुर",
        "Dholpur",
        "धौलपुर/Dholpur, बाड़ी/Bari, बसेड़ी/Baseri, राजाखेड़ा/Rajakhera, सैंपऊ/Saipau, सरमथुरा/Sarmathura",
    ),
    _district(
        "KAR",
        "करौली",
        "Karauli",
        "करौली/Karauli, हिंडौन/Hindaun, टोडाभीम/Todabhim, सपोटरा/Sapotra, नादौती/Nadoti, "
        "मंडरायल/Mandrayal, मासलपुर/Masalpur, सूरौठ/Suroth",
    ),
    _district(
        "SWM",
        "सवाई माधोपुर",
        "Sawai Madhopur",
        "सवाई माधोपुर/Sawai Madhopur, गंगापुर सिटी/Gangapur City, बामनवास/Bamanwas, बौंली/Bonli, "
        "खंडार/Khandar, चौथ का बरवाड़ा/Chauth Ka Barwara, वजीरपुर/Wazirpur, "
        "मलारना डूंगर/Malarna Doongar",
    ),
)

_BIKANER = (
    _district(
        "BKN",
        "बीकानेर",
        "Bikaner",
        "बीकानेर/Bikaner, नोखा/Nokha, लूणकरणसर/Lunkaransar, कोलायत/Kolayat, खाजूवाला/Khajuwala, "
        "श्रीडूंगरगढ़/Sri Dungargarh, पूगल/Poogal, छत्तरगढ़/Chhatargarh, बज्जू/Bajju",
    ),
    _district(
        "CHU",
        "चूरू",
        "Churu",
        "चूरू/Churu, रतनगढ़/Ratangarh, सरदारशहर/Sardarshahar, सुजानगढ़/Sujangarh, राजगढ़/Rajgarh, "
        "तारानगर/Taranagar, बीदासर/Bidasar",
    ),
    _district(
        "HAN",
        "हनुमानगढ़",
        "Hanumangarh",
        "हनुमानगढ़/Hanumangarh, नोहर/Nohar, भादरा/Bhadra, रावतसर/Rawatsar, पीलीबंगा/Pilibanga, "
        "संगरिया/Sangaria, टिब्बी/Tibbi, पल्लू/Pallu",
    ),
    _district(
        "SGN",
        "श्रीगंगानगर",
        "Sri Ganganagar",
        "श्रीगंगानगर/Sri Ganganagar, अनूपगढ़/Anupgarh, सूरतगढ़/Suratgarh, "
        "रायसिंहनगर/Raisinghnagar, श्रीकरणपुर/Sri Karanpur, पदमपुर/Padampur, "
        "सादुलशहर/Sadulshahar, श्रीविजयनगर/Sri Vijaynagar, घड़साना/Gharsana, रावला/Rawla",
    ),
)

_JAIPUR = (
    _district(
        "ALW",
        "अलवर",
        "Alwar",
        "अलवर/Alwar, राजगढ़/Rajgarh, लक्ष्मणगढ़/Laxmangarh, रामगढ़/Ramgarh, थानागाजी/Thanagazi, "
        "कठूमर/Kathumar, रैणी/Reni, मालाखेड़ा/Malakhera, गोविंदगढ़/Govindgarh, "
        "नौगांवा/Naugawan, टहला/Tehla, प्रतापगढ़/Pratapgarh",
    ),
    _district(
        "DAU",
        "दौसा",
        "Dausa",
        "दौसा/Dausa, बांदीकुई/Bandikui, लालसोट/Lalsot, सिकराय/Sikrai, महवा/Mahwa, बसवा/Baswa, "
        "लवाण/Lawan, नांगल राजावतान/Nangal Rajawatan, रामगढ़ पचवारा/Ramgarh Pachwara, "
        "मंडावर/Mandawar",
    ),
    _district(
        "JPR",
        "जयपुर",
        "Jaipur",
        "जयपुर/Jaipur, सांगानेर/Sanganer, आमेर/Amer, चौमूं/Chomu, शाहपुरा/Shahpura, बस्सी/Bassi, "
        "चाकसू/Chaksu, फागी/Phagi, दूदू/Dudu, मौजमाबाद/Mozamabad, जमवारामगढ़/Jamwa Ramgarh, "
        "कोटखावदा/Kotkhawda, सांभर/Sambhar, फुलेरा/Phulera, जोबनेर/Jobner, "
        "किशनगढ़ रेनवाल/Kishangarh Renwal, कालवाड़/Kalwar, आंधी/Andhi, तूंगा/Tunga, "
        "माधोराजपुरा/Madhorajpura, जालसू/Jalsu",
    ),
    _district(
        "JJN",
        "झुंझुनूं",
        "Jhunjhunu",
        "झुंझुनूं/Jhunjhunu, चिड़ावा/Chirawa, खेतड़ी/Khetri, नवलगढ़/Nawalgarh, "
        "उदयपुरवाटी/Udaipurwati, सूरजगढ़/Surajgarh, बुहाना/Buhana, मलसीसर/Malsisar, "
        "मंडावा/Mandawa, बिसाऊ/Bissau, पिलानी/Pilani",
    ),
    _district(
        "KHT",
        "खैरथल-तिजारा",
        "Khairthal-Tijara",
        "खैरथल/Khairthal, तिजारा/Tijara, भिवाड़ी/Bhiwadi, किशनगढ़ बास/Kishangarh Bas, "
        "मुंडावर/Mundawar, कोटकासिम/Kotkasim, टपूकड़ा/Tapukara, हरसोली/Harsoli",
    ),
    _district(
        "KPB",
        "कोटपूतली-बहरोड़",
        "Kotputli-Behror",
        "कोटपूतली/Kotputli, बहरोड़/Behror, बानसूर/Bansur, नीमराना/Neemrana, पावटा/Paota, "
        "विराटनगर/Viratnagar, नारायणपुर/Narayanpur, मांढण/Mandhan",
    ),
    _district(
        "SIK",
        "सीकर",
        "Sikar",
        "सीकर/Sikar, फतेहपुर/Fatehpur, लक्ष्मणगढ़/Laxmangarh, दांतारामगढ़/Danta Ramgarh, "
        "नीमकाथाना/Neem Ka Thana, श्रीमाधोपुर/Sri Madhopur, खंडेला/Khandela, धोद/Dhod, "
        "नेछवा/Nechhwa, रींगस/Reengus, पाटन/Patan, रामगढ़ शेखावाटी/Ramgarh Shekhawati",
    ),
)

_JODHPUR = (
    _district(
        "BLT",
        "बालोतरा",
        "Balotra",
        "बालोतरा/Balotra, पचपदरा/Pachpadra, सिवाना/Siwana, समदड़ी/Samdari, कल्याणपुर/Kalyanpur, "
        "गिड़ा/Gida, सिणधरी/Sindhari, पाटोदी/Patodi, गुड़ामालानी/Gudamalani, "
        "धोरीमन्ना/Dhorimanna",
    ),
    _district(
        "BAR",
        "बाड़मेर",
        "Barmer",
        "बाड़मेर/Barmer, चौहटन/Chohtan, शिव/Sheo, रामसर/Ramsar, गडरा रोड/Gadra Road, सेड़वा/Sedwa, "
        "बायतु/Baytu, धनाऊ/Dhanau",
    ),
    _district(
        "JSM",
        "जैसलमेर",
        "Jaisalmer",
        "जैसलमेर/Jaisalmer, पोकरण/Pokaran, फतेहगढ़/Fatehgarh, भणियाणा/Bhaniyana, "
        "रामगढ़/Ramgarh, सम/Sam, मोहनगढ़/Mohangarh",
    ),
    _district(
        "JAL",
        "जालोर",
        "Jalore",
        "जालोर/Jalore, भीनमाल/Bhinmal, आहोर/Ahore, रानीवाड़ा/Raniwara, सांचौर/Sanchore, "
        "सायला/Sayla, जसवंतपुरा/Jaswantpura, बागोड़ा/Bagoda, चितलवाना/Chitalwana",
    ),
    _district(
        "JDH",
        "जोधपुर",
        "Jodhpur",
        "जोधपुर/Jodhpur, लूणी/Luni, बिलाड़ा/Bilara, भोपालगढ़/Bhopalgarh, ओसियां/Osian, "
        "शेरगढ़/Shergarh, बालेसर/Balesar, तिंवरी/Tinwari, बावड़ी/Baori, पीपाड़ सिटी/Pipar City, "
        "झंवर/Jhanwar, शेखाला/Shekhala, चामू/Chamu",
    ),
    _district(
        "PAL",
        "पाली",
        "Pali",
        "पाली/Pali, सोजत/Sojat, मारवाड़ जंक्शन/Marwar Junction, रोहट/Rohat, देसूरी/Desuri, "
        "बाली/Bali, सुमेरपुर/Sumerpur, रानी/Rani",
    ),
    _district(
        "PHA",
        "फलोदी",
        "Phalodi",
        "फलोदी/Phalodi, लोहावट/Lohawat, आऊ/Aau, देचू/Dechu, सेतरावा/Setrawa, बाप/Bap, "
        "घंटियाली/Ghantiyali, बापिणी/Bapini",
    ),
    _district(
        "SIR",
        "सिरोही",
        "Sirohi",
        "सिरोही/Sirohi, आबूरोड/Abu Road, पिंडवाड़ा/Pindwara, शिवगंज/Sheoganj, रेवदर/Reodar, "
        "माउंट आबू/Mount Abu",
    ),
)

_KOTA = (
    _district(
        "BRN",
        "बारां",
        "Baran",
        "बारां/Baran, अंता/Anta, अटरू/Atru, छबड़ा/Chhabra, छीपाबड़ौद/Chhipabarod, "
        "किशनगंज/Kishanganj, शाहाबाद/Shahabad, मांगरोल/Mangrol",
    ),
    _district(
        "BUN",
        "बूंदी",
        "Bundi",
        "बूंदी/Bundi, नैनवां/Nainwa, हिंडोली/Hindoli, केशोरायपाटन/Keshoraipatan, "
        "इंद्रगढ़/Indragarh, तालेड़ा/Talera, लाखेरी/Lakheri",
    ),
    _district(
        "JLW",
        "झालावाड़",
        "Jhalawar",
        "झालावाड़/Jhalawar, झालरापाटन/Jhalrapatan, अकलेरा/Aklera, खानपुर/Khanpur, "
        "भवानीमंडी/Bhawani Mandi, पिड़ावा/Pirawa, मनोहरथाना/Manohar Thana, गंगधार/Gangdhar, "
        "असनावर/Asnawar, बकानी/Bakani, सुनेल/Sunel",
    ),
    _district(
        "KOT",
        "कोटा",
        "Kota",
        "कोटा/Kota, लाडपुरा/Ladpura, सांगोद/Sangod, रामगंजमंडी/Ramganj Mandi, पीपल्दा/Pipalda, "
        "दीगोद/Digod, कनवास/Kanwas, इटावा/Itawa, चेचट/Chechat",
    ),
)

_UDAIPUR = (
    _district(
        "BSW",
        "बांसवाड़ा",
        "Banswara",
        "बांसवाड़ा/Banswara, कुशलगढ़/Kushalgarh, बागीदौरा/Bagidora, घाटोल/Ghatol, गढ़ी/Garhi, "
        "सज्जनगढ़/Sajjangarh, आनंदपुरी/Anandpuri, छोटी सरवन/Chhoti Sarwan",
    ),
    _district(
        "CTR",
        "चित्तौड़गढ़",
        "Chittorgarh",
        "चित्तौड़गढ़/Chittorgarh, कपासन/Kapasan, निंबाहेड़ा/Nimbahera, बेगूं/Begun, "
        "बड़ी सादड़ी/Bari Sadri, रावतभाटा/Rawatbhata, गंगरार/Gangrar, राशमी/Rashmi, "
        "भदेसर/Bhadesar, डूंगला/Dungla, भूपालसागर/Bhupalsagar",
    ),
    _district(
        "DUN",
        "डूंगरपुर",
        "Dungarpur",
        "डूंगरपुर/Dungarpur, सागवाड़ा/Sagwara, आसपुर/Aspur, सीमलवाड़ा/Simalwara, "
        "बिछीवाड़ा/Bichhiwara, साबला/Sabla, गलियाकोट/Galiakot, चीखली/Chikhli",
    ),
    _district(
        "PRA",
        "प्रतापगढ़",
        "Pratapgarh",
        "प्रतापगढ़/Pratapgarh, अरनोद/Arnod, छोटी सादड़ी/Chhoti Sadri, धरियावद/Dhariawad, "
        "पीपलखूंट/Peepalkhoont, दलोट/Dalot",
    ),
    _district(
        "RAJ",
        "राजसमंद",
        "Rajsamand",
        "राजसमंद/Rajsamand, नाथद्वारा/Nathdwara, कुंभलगढ़/Kumbhalgarh, भीम/Bhim, देवगढ़/Deogarh, "
        "आमेट/Amet, रेलमगरा/Railmagra, खमनोर/Khamnor",
    ),
    _district(
        "SLM",
        "सलूम्बर",
        "Salumbar",
        "सलूम्बर/Salumbar, सराड़ा/Sarada, सेमारी/Semari, लसाड़िया/Lasadia, झल्लारा/Jhallara",
    ),
    _district(
        "UDR",
        "उदयपुर",
        "Udaipur",
        "उदयपुर/Udaipur, गिर्वा/Girwa, मावली/Mavli, वल्लभनगर/Vallabhnagar, गोगुंदा/Gogunda, "
        "झाड़ोल/Jhadol, कोटड़ा/Kotra, खेरवाड़ा/Kherwara, ऋषभदेव/Rishabhdeo, बड़गांव/Badgaon, "
        "भींडर/Bhinder, कानोड़/Kanod, सायरा/Sayra",
    ),
)

DIVISIONS = (
    Division("AJM", "अजमेर", "Ajmer", _AJMER),
    Division("BTP", "भरतपुर", "Bharatpur", _BHARATPUR),
    Division("BKN", "बीकानेर", "Bikaner", _BIKANER),
    Division("JPR", "जयपुर", "Jaipur", _JAIPUR),
    Division("JDH", "जोधपुर", "Jodhpur", _JODHPUR),
    Division("KOT", "कोटा", "Kota", _KOTA),
    Division("UDR", "उदयपुर", "Udaipur", _UDAIPUR),
)

DISTRICTS = tuple(district for division in DIVISIONS for district in division.districts)
