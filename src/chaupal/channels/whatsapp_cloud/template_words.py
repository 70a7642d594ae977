"""What the Cloud API's webhooks say of templates: stopped, freed, changed, how they do. Pure.

https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/reference
(message_template_status_update, message_template_quality_update, template_category_update,
message_template_components_update)
"""

import re
from collections.abc import Mapping

from chaupal.arrivals.models import Quality, TemplateHeard, TemplateWord
from chaupal.channels.whatsapp_cloud.templates import CODE, LANGUAGES, NAME

# Left out is what changes nothing: FLAGGED (it may be switched off one day), LOCKED (it cannot be
# edited) and LIMIT_EXCEEDED (the account has too many).
EVENTS: Mapping[str, TemplateWord] = {
    "APPROVED": TemplateWord.APPROVED,
    "REINSTATED": TemplateWord.APPROVED,
    "PENDING": TemplateWord.PENDING,
    "IN_APPEAL": TemplateWord.PENDING,
    "PAUSED": TemplateWord.PAUSED,
    "REJECTED": TemplateWord.REJECTED,
    "DISABLED": TemplateWord.DISABLED,
    "ARCHIVED": TemplateWord.DISABLED,
    "PENDING_DELETION": TemplateWord.DISABLED,
    "DELETED": TemplateWord.GONE,
}
QUALITIES: Mapping[str, Quality] = {
    "GREEN": Quality.HIGH,
    "YELLOW": Quality.MEDIUM,
    "RED": Quality.LOW,
}
FIELDS = frozenset(
    {
        "message_template_status_update",
        "message_template_quality_update",
        "message_template_components_update",
        "template_category_update",
    }
)
_ACCOUNT = re.compile(r"[0-9]{1,30}")


def read(what: str, value: Mapping[str, object], account: object) -> TemplateHeard | None:
    """Return what one of `FIELDS` says of a template of a business account, without its time.

    Left out are languages that no text of ours has. That a category will change some day says
    nothing yet: what has changed names the earlier one.
    """
    match value:
        case {"message_template_name": str(name), "message_template_language": str(written)}:
            code = written.replace("-", "_")
        case _:
            return None
    if not isinstance(account, str) or not _ACCOUNT.fullmatch(account):
        return None
    if not NAME.fullmatch(name) or not CODE.fullmatch(code) or code[:2] not in LANGUAGES:
        return None
    heard = TemplateHeard(None, account, name, code, *_said(what, value))
    return None if heard.word is None and heard.quality is None else heard


def _said(what: str, value: Mapping[str, object]) -> tuple[TemplateWord | None, Quality | None]:
    match what, value:
        case "message_template_status_update", {"event": str(event)}:
            return EVENTS.get(event), None
        case "message_template_quality_update", {"new_quality_score": str(score)}:
            return None, QUALITIES.get(score)
        case "template_category_update", {"previous_category": str()}:
            return TemplateWord.CHANGED, None
        case "message_template_components_update", _:
            return TemplateWord.CHANGED, None
    return None, None
