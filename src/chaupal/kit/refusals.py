"""The one way in which a request fails without anything being broken."""


class Refused(Exception):
    """The rules say no. Safe to show to the person who asked.

    `code` names the rule for machines, tests and translators; the sentence itself is written
    once, at the door, in the reader's language, from `code` and `facts`. Facts never hold a
    phone number, a message body or a secret: they may end up in a log.
    """

    status = 409

    def __init__(self, code: str, **facts: object) -> None:
        super().__init__(code)
        self.code = code
        self.facts = facts


class Invalid(Refused):
    """What was sent cannot be understood, and the answer says which part."""

    status = 422


class NotSignedIn(Refused):
    """We do not know who is asking."""

    status = 401


class NotAllowed(Refused):
    """They may see it, but not do this to it."""

    status = 403


class NotFound(Refused):
    """It is not there, or it is not theirs to see. We do not say which."""

    status = 404


class Gone(Refused):
    """It was there, and its time is over."""

    status = 410


class TooLarge(Refused):
    """More bytes than we take."""

    status = 413


class TooMany(Refused):
    """Too many tries. `facts["wait_s"]` says how long to wait."""

    status = 429


class Unavailable(Refused):
    """An engine we need is away; nothing was lost, and trying again later is right."""

    status = 503
