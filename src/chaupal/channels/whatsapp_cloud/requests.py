"""What is asked of the Cloud API, as its pages and its OpenAPI description want it. Pure.

`language.policy` has to be "deterministic". `biz_opaque_callback_data` is in the pages and comes
back with every status, though the OpenAPI description does not know it.
"""

from urllib.parse import quote, urlencode

from chaupal.channels.contract import Button, FilledTemplate, Message, Picture
from chaupal.channels.whatsapp_cloud import naming

LABEL_LIMIT_CHARACTERS = 20
# Small enough for an answer to stay below what an exchange reads.
HISTORY_PAGE = 50
HISTORY_FIELDS = "id,message_id,events{delivery_status,timestamp}"
# A Hindi body comes as \uXXXX, and once more as an example.
TEMPLATE_PAGE = 4
TEMPLATE_FIELDS = (
    "id,name,language,status,category,components,parameter_format,message_send_ttl_seconds"
)


def send(message: Message) -> dict[str, object]:
    """Return the body of a send: a template where the message has one, else free text."""
    return {
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        **_to(message.address),
        **_content(message),
        "biz_opaque_callback_data": naming.callback(message.idempotency_key),
    }


def _to(address: str) -> dict[str, object]:
    name = "recipient" if naming.user_id(address) is not None else "to"
    return {name: address}


def _content(message: Message) -> dict[str, object]:
    if message.template is not None:
        template = _template(message.template, message.buttons, message.picture)
        return {"type": "template", "template": template}
    if message.picture is not None:
        return {"type": "image", "image": {**_image(message.picture), "caption": message.text}}
    if not message.buttons:
        return {"type": "text", "text": {"preview_url": False, "body": message.text}}
    replies = [
        {"type": "reply", "reply": {"id": carried(b), "title": b.label[:LABEL_LIMIT_CHARACTERS]}}
        for b in message.buttons
    ]
    return {
        "type": "interactive",
        "interactive": {
            "type": "button",
            "body": {"text": message.text},
            "action": {"buttons": replies},
        },
    }


def _image(picture: Picture) -> dict[str, object]:
    assert picture.reference is not None, "it was brought before"
    return {"id": picture.reference}


def _template(
    template: FilledTemplate, buttons: tuple[Button, ...], picture: Picture | None
) -> dict[str, object]:
    components: list[dict[str, object]] = []
    if picture is not None:
        image = {"type": "image", "image": _image(picture)}
        components.append({"type": "header", "parameters": [image]})
    if template.variables:
        texts = [{"type": "text", "text": variable} for variable in template.variables]
        components.append({"type": "body", "parameters": texts})
    for place, button in enumerate(buttons):
        components.append(
            {
                "type": "button",
                "sub_type": "quick_reply",
                "index": str(place),
                "parameters": [{"type": "payload", "payload": carried(button)}],
            }
        )
    return {
        "name": template.name,
        "language": {"policy": "deterministic", "code": template.language},
        **({"components": components} if components else {}),
    }


def carried(button: Button) -> str:
    """Return what a button of ours brings back when somebody presses it."""
    return f"chaupal:{button.word}"


def media(endpoint: str, reference: str) -> str:
    """Return where one of the number's pictures is asked for."""
    beside, _, number = endpoint.rpartition("/")
    query = urlencode({"phone_number_id": number}, quote_via=quote)
    return f"{beside}/{quote(reference, safe='')}?{query}"


def history(endpoint: str, after: str | None) -> str:
    """Return where a page of what the number has sent is asked for."""
    query = {"fields": HISTORY_FIELDS, "limit": str(HISTORY_PAGE)}
    return _page(f"{endpoint}/message_history", query, after)


def templates(endpoint: str, after: str | None) -> str:
    """Return where a page of an account's templates is asked for."""
    query = {"fields": TEMPLATE_FIELDS, "limit": str(TEMPLATE_PAGE)}
    return _page(f"{endpoint}/message_templates", query, after)


def _page(url: str, query: dict[str, str], after: str | None) -> str:
    if after is not None:
        query = {**query, "after": after}
    return f"{url}?{urlencode(query, quote_via=quote)}"
