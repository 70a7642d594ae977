"""The templates of a business account, as the Cloud API lists them. Pure.

Only a text with numbered variables, fixed parts around it and a picture above it can be sent from
here; what a template has beyond that is named as the reason why it can't, and never guessed at.
https://developers.facebook.com/documentation/business-messaging/whatsapp/reference/whatsapp-business-account/template-api
"""

import re
from collections.abc import Mapping

from chaupal.channels import reading
from chaupal.channels.contract import TemplatePage, TemplateText

STATUSES: Mapping[str, str] = {
    "APPROVED": "approved",
    "PENDING": "pending",
    "IN_APPEAL": "pending",
    "REJECTED": "rejected",
    "PAUSED": "paused",
}
CATEGORIES = frozenset({"marketing", "utility", "authentication"})
LANGUAGES = frozenset({"hi", "en"})
FIXED_BUTTONS = frozenset({"QUICK_REPLY", "URL", "PHONE_NUMBER"})
NAME = re.compile(r"[a-z0-9_]{1,512}")
CODE = re.compile(r"[A-Za-z_]{2,10}")
# Which times to live of its own a template can have that is sent as we send it. To a marketing
# template's Meta keeps only over its Marketing Messages API: here it lives like any other message.
# https://developers.facebook.com/documentation/business-messaging/whatsapp/templates/time-to-live
# (as of 21 May 2026)
LIVES_S: Mapping[str, range] = {
    "utility": range(30, 43_201),
    "authentication": range(30, 901),
}
BODY_LIMIT, PART_LIMIT, BUTTONS_LIMIT = 1024, 60, 400
VARIABLE = re.compile(r"\{\{(.*?)\}\}", re.DOTALL)


def read_page(body: dict[str, object]) -> TemplatePage | None:
    """Return a page of an account's templates, or None where that is no page of them.

    Left out are languages that no text of ours has, and what has no body.
    """
    if not isinstance(body.get("data"), list):
        return None
    found = [text for entry in reading.dicts(body["data"]) if (text := _text(entry)) is not None]
    match body:
        case {"paging": {"next": str(), "cursors": {"after": str(after)}}}:
            return TemplatePage(found, after)
    return TemplatePage(found, None)


def _text(entry: dict[str, object]) -> TemplateText | None:
    match entry:
        case {
            "id": str(ref),
            "name": str(name),
            "language": str(code),
            "status": str(status),
            "category": str(category),
            "components": list(components),
        } if NAME.fullmatch(name) and CODE.fullmatch(code):
            pass
        case _:
            return None
    language, parts = code[:2], reading.dicts(components)
    bodies = [part.get("text") for part in parts if part.get("type") == "BODY"]
    if language not in LANGUAGES or category.lower() not in CATEGORIES or len(bodies) != 1:
        return None
    [text] = bodies
    if not isinstance(text, str) or not 0 < len(text) <= BODY_LIMIT:
        return None
    pictured = any(map(_is_picture, parts))
    header, footer = None if pictured else _part(parts, "HEADER"), _part(parts, "FOOTER")
    labels = "\n".join(str(button.get("text", "")).replace("\n", " ") for button in _buttons(parts))
    return TemplateText(
        name=name,
        code=code,
        language=language,
        category=category.lower(),
        status=STATUSES.get(status, "disabled"),
        body=text,
        header=header,
        footer=footer,
        buttons=labels[:BUTTONS_LIMIT],
        unfit=_unfit(text, parts, entry.get("parameter_format")),
        provider_ref=ref[:60],
        ttl_s=_life_s(category.lower(), entry.get("message_send_ttl_seconds")),
        pictured=pictured,
    )


def _life_s(category: str, told: object) -> int | None:
    """Return a time to live that Meta keeps to; what it does not, -1 for one, is None."""
    if not isinstance(told, int) or isinstance(told, bool):
        return None
    return told if told in LIVES_S.get(category, ()) else None


def _is_picture(part: dict[str, object]) -> bool:
    return (part.get("type"), part.get("format")) == ("HEADER", "IMAGE")


def _part(parts: list[dict[str, object]], kind: str) -> str | None:
    texts = [part.get("text") for part in parts if part.get("type") == kind]
    return next((text[:PART_LIMIT] for text in texts if isinstance(text, str) and text), None)


def _buttons(parts: list[dict[str, object]]) -> list[dict[str, object]]:
    return [
        button
        for part in parts
        if part.get("type") == "BUTTONS"
        for button in reading.dicts(part.get("buttons"))
    ]


def _unfit(body: str, parts: list[dict[str, object]], written: object) -> str | None:
    """Name the first thing that a template needs and that we cannot give it."""
    named = [variable.strip() for variable in VARIABLE.findall(body)]
    digits = {int(one) for one in named if one.isascii() and one.isdigit() and len(one) < 4}
    if written == "NAMED" or len(digits) < len({*named}) or digits != {*range(1, len(digits) + 1)}:
        return "named_variables"
    wrong = [*map(_unfit_part, parts), *map(_unfit_button, _buttons(parts))]
    return next((why for why in wrong if why is not None), None)


def _unfit_part(part: dict[str, object]) -> str | None:
    match part:
        case {"type": "HEADER", "format": str(kind)} if kind not in {"TEXT", "IMAGE"}:
            return "media_header"
        case {"type": "HEADER" | "FOOTER", "text": str(text)} if VARIABLE.search(text):
            return "variable_outside_body"
        case {"type": "HEADER" | "FOOTER", "text": str(text)} if len(text) > PART_LIMIT:
            return "unknown_part"
        case {"type": "BODY" | "HEADER" | "FOOTER" | "BUTTONS"}:
            return None
    return "unknown_part"


def _unfit_button(button: dict[str, object]) -> str | None:
    if button.get("type") not in FIXED_BUTTONS:
        return "button_of_another_kind"
    return "variable_outside_body" if VARIABLE.search(str(button.get("url", ""))) else None
