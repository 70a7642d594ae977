"""The service centre that an account names, and as whom the organisation is registered with it."""

import re
from dataclasses import dataclass, field
from decimal import Decimal
from urllib.parse import parse_qs, unquote, urlsplit

from chaupal.channels.contract import Account

PORTS = {"smpp": 2775, "smpps": 3550}
# Promotional, centre, transactional, government: what a header's last letter says since 2025.
HEADER_NAME = re.compile(r"[A-Za-z]{6}|[0-9]{6}")
HEADER = re.compile(rf"({HEADER_NAME.pattern})-([PSTG])")
HEX = re.compile(r"[0-9A-Fa-f]{1,32}")
REGISTRATION = re.compile(r"[0-9A-Za-z,]{1,255}")
# How a centre writes a message's number: in its answer, and in its receipt.
IDS = ("hex-decimal", "decimal-hex")
PRICE = re.compile(r"\d{1,4}(\.\d{1,2})?")


@dataclass(frozen=True, slots=True)
class Centre:
    """`smpp[s]://host[:port]/HEADER-S?entity=...`: where, under which name, and who answers for it.

    Beside the entity may stand `telemarketer`, `system_type`, `suffix=sent`, `paise` and `ids`.
    `header` is the registered name without its letter, `category` the letter; `price_paise` is a
    segment's.
    """

    host: str
    port: int
    is_tls: bool
    header: str
    category: str
    sends_suffix: bool
    entity: str
    telemarketer: str
    system_id: str
    password: str = field(repr=False)
    system_type: str = ""
    price_paise: Decimal | None = None
    ids: str = ""

    @classmethod
    def of(cls, account: Account) -> "Centre":
        """Read an account; one that names no centre, header and entity is a ValueError.

        The token is `system_id:password`.
        """
        parts = urlsplit(account.endpoint)
        header = HEADER.fullmatch(unquote(parts.path).strip("/"))
        if parts.scheme not in PORTS or not parts.hostname or header is None:
            raise ValueError("not smpp[s]://host[:port]/HEADER-S")
        asked = {name: values[-1] for name, values in parse_qs(parts.query).items()}
        entity, telemarketer = asked.get("entity", ""), asked.get("telemarketer", "")
        if not REGISTRATION.fullmatch(entity):
            raise ValueError("no entity")
        if telemarketer and not REGISTRATION.fullmatch(telemarketer):
            raise ValueError("no telemarketer")
        price = asked.get("paise")
        if price is not None and not PRICE.fullmatch(price):
            raise ValueError("no price")
        ids = asked.get("ids", "")
        if ids and ids not in IDS:
            raise ValueError("no form of ids")
        system_id, _, password = account.token.partition(":")
        return cls(
            host=parts.hostname,
            port=parts.port or PORTS[parts.scheme],
            is_tls=parts.scheme == "smpps",
            header=header[1],
            category=header[2],
            sends_suffix=asked.get("suffix") == "sent",
            entity=entity,
            telemarketer=telemarketer,
            system_id=system_id,
            password=password,
            system_type=asked.get("system_type", ""),
            price_paise=None if price is None else Decimal(price),
            ids=ids,
        )

    @property
    def source(self) -> str:
        """Return the header as messages carry it: most operators add the letter themselves."""
        return f"{self.header}-{self.category}" if self.sends_suffix else self.header

    @property
    def answers_in_hex(self) -> bool:
        """Say whether its answers have in hexadecimal what its receipts have in decimal."""
        return self.ids == "hex-decimal"

    @property
    def receipts_in_hex(self) -> bool:
        """Say whether its receipts have in hexadecimal what its answers have in decimal."""
        return self.ids == "decimal-hex"


def decimal(reference: str) -> str:
    """Return a message's number in decimal; what is no hexadecimal number stays as it is."""
    return str(int(reference, 16)) if HEX.fullmatch(reference) else reference
