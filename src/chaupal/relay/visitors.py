"""Who follows a link: a person, or a machine that only looks at what a preview would show."""

import re
from collections.abc import Mapping

# Messengers fetch a link to draw its preview: on the sender's phone, or from their servers.
ROBOTS = re.compile(
    r"whatsapp/|facebookexternalhit|facebot|meta-externalagent|telegrambot|twitterbot|slackbot"
    r"|slack-imgproxy|linkedinbot|discordbot|skypeuripreview|signal-|viber|googlebot|bingbot"
    r"|\bbot\b|bot/|crawler|spider|preview|headless|python|aiohttp|curl/|wget/|go-http-client|okhttp"
    r"|java/|libwww|http-client|synapse",
    re.IGNORECASE,
)


def is_person(method: str, headers: Mapping[str, str]) -> bool:
    """Say whether this request is a person's own: no preview, no prefetch, no robot."""
    if method != "GET":
        return False
    purpose = f"{headers.get('sec-purpose', '')} {headers.get('purpose', '')}".lower()
    if "prefetch" in purpose or "preview" in purpose:
        return False
    agent = headers.get("user-agent", "")
    return bool(agent) and ROBOTS.search(agent) is None
