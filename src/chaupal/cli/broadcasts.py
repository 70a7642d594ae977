"""`chaupal broadcasts`: written, signed and steered from the console, by people with accounts.

Whoever acts says who they are and proves it with their password, as on the page. Being the
operator of the machine signs nothing: two people stand behind every broadcast here as well.
"""

import os
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, TypeAlias
from uuid import UUID

import msgspec
import typer

from chaupal.api.broadcasts import NewBroadcast
from chaupal.api.callers import WRITTEN_NUL
from chaupal.arrivals import log as arrivals_log
from chaupal.broadcasts import actions, certificates, imaging, pictures, queries
from chaupal.broadcasts.models import Broadcast, BroadcastId, PictureId, Stage
from chaupal.broadcasts.rendering import render
from chaupal.broadcasts.rungs import tally
from chaupal.cli import console
from chaupal.cli.console import Which, opened, organisation_named, say
from chaupal.kit import db
from chaupal.kit.ids import new_id
from chaupal.kit.refusals import Invalid, NotSignedIn
from chaupal.kit.runtime import Runtime
from chaupal.organisations import actions as organisations
from chaupal.organisations import scope_of
from chaupal.record import Actor
from chaupal.web.language import moment, number
from chaupal.web.words import word

FILE_LIMIT_BYTES = 256 * 1024
KEY_LIMITS = (8, 100)

broadcasts = typer.Typer(no_args_is_help=True, help="Broadcasts, by people with accounts.")

As: TypeAlias = Annotated[str, typer.Option("--as", help="Whose account: its login.")]
PasswordFile: TypeAlias = Annotated[
    Path | None, typer.Option(help="Read it from this file instead of asking.")
]
Key: TypeAlias = Annotated[
    str | None,
    typer.Option(help="Any text of your own: run again with it, the same is done once."),
]
Act: TypeAlias = Callable[[Runtime, Actor, str], Awaitable[Broadcast]]


@asynccontextmanager
async def signed_in(
    login: str, proof: str, organisation: str | None
) -> AsyncIterator[tuple[Runtime, Actor]]:
    """Let somebody act for the length of one command, once they have proved who they are."""
    if not login.isprintable():
        raise NotSignedIn("sign_in.wrong")
    async with opened() as rt:
        found, _ = await organisation_named(rt, organisation)
        entered = await organisations.sign_in(
            rt, slug=found.slug, login=login, password=proof, address="console"
        )
        _, actor = await organisations.session_of(rt, entered.cookie)
        try:
            yield rt, actor
        finally:
            await organisations.sign_out(rt, entered.cookie, actor=actor)


def _password(file: Path | None) -> str:
    return console.secret(file, "Password", option="--password-file")


@broadcasts.command("list")
def list_(
    *,
    as_: As,
    stage: Annotated[Stage | None, typer.Option(help="Only those at this stage.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=200)] = 30,
    password_file: PasswordFile = None,
    organisation: Which = None,
) -> None:
    """List the newest broadcasts that you may see."""
    password = _password(password_file)

    async def body() -> None:
        async with signed_in(as_, password, organisation) as (rt, actor):
            async with db.transaction(rt.pool, actor.organisation) as conn:
                scope = await scope_of(rt, conn, actor)
                stages = [stage.value] if stage else []
                found = await queries.page(
                    conn, scope=scope, stages=stages, before=None, limit=limit
                )
            for row in found:
                at = moment(row.created_at, rt.now(), console.language())
                stands = word("stage", row.stage, console.language())
                typer.echo(f"{row.id}  {stands}  {at}  {row.author_label}  {row.title}")

    console.run(body())


@broadcasts.command("show")
def show(
    id: UUID, *, as_: As, password_file: PasswordFile = None, organisation: Which = None
) -> None:
    """Show what a broadcast says, how many it is for, and what an approval of it would sign."""
    password = _password(password_file)

    async def body() -> None:
        async with signed_in(as_, password, organisation) as (rt, actor):
            shown = await actions.show(rt, BroadcastId(id), actor=actor)
            row = shown.broadcast
            reached = row.targets
            if reached is None:
                async with db.transaction(rt.pool, actor.organisation) as conn:
                    reached = await actions.total(conn, row, now=rt.now())
        _tell(rt, shown, reached)

    console.run(body())


def _tell(rt: Runtime, shown: actions.Shown, reached: int) -> None:
    row, language, now = shown.broadcast, console.language(), rt.now()
    typer.echo(row.title)
    for text in shown.texts:
        body = render(text.body, synthetic=row.synthetic, language=text.language)
        typer.echo(f"\n[{word('language', text.language, language)}]\n{body}")
        if text.picture_id is not None:
            say("Picture: {id}", "तस्वीर: {id}", id=text.picture_id.hex())
            typer.echo(text.picture_description)
    typer.echo(f"\n{msgspec.json.encode(row.audience).decode()}")
    say("Stage: {stage}", "चरण: {stage}", stage=word("stage", row.stage, language))
    say("It is for: {count}", "कितनों के लिए: {count}", count=number(reached))
    if row.starts_at is not None:
        say("Begins: {at}", "शुरुआत: {at}", at=moment(row.starts_at, now, language))
    say("Gives up: {at}", "इसके बाद नहीं: {at}", at=moment(row.expires_at, now, language))
    say("Written by: {who}", "लिखा: {who}", who=row.author_label)
    if row.approver_label is not None:
        say("Approved by: {who}", "मंज़ूर किया: {who}", who=row.approver_label)
    for rung, count in tally(shown.counts).items():
        typer.echo(f"  {word('rung', rung, language)}: {number(count)}")
    texts = {text.language: text.body for text in shown.texts}
    wording = certificates.wording_hash(texts, synthetic=row.synthetic).hex()
    say("To certify: --wording {hash}", "प्रमाणपत्र के लिए: --wording {hash}", hash=wording)
    say("To approve: --seen {hash}", "मंज़ूरी के लिए: --seen {hash}", hash=row.content_hash.hex())


@broadcasts.command("write")
def write(
    file: Annotated[Path, typer.Argument(help="A broadcast as JSON, as the API takes it.")],
    *,
    as_: As,
    audience: Annotated[
        str | None,
        typer.Option(help="Another audience: an expression in JSON, or a file with one."),
    ] = None,
    key: Key = None,
    password_file: PasswordFile = None,
    organisation: Which = None,
) -> None:
    """Keep a broadcast as a draft, and print its id. Nothing is sent before it is approved."""
    asked = _asked(file, audience)
    once, password = _once(key), _password(password_file)

    async def body() -> BroadcastId:
        async with signed_in(as_, password, organisation) as (rt, actor):
            draft = await asked.filled(rt, actor)
            id = await actions.write(rt, draft, key=once, actor=actor)
            await arrivals_log.hint(rt.nats, actor.organisation, "broadcasts")
            return id

    typer.echo(str(console.run(body())))


@broadcasts.command("picture")
def picture(
    file: Annotated[Path, typer.Argument(help="A picture: JPEG, PNG or WebP, up to 5 MB.")],
    *,
    as_: As,
    key: Key = None,
    password_file: PasswordFile = None,
    organisation: Which = None,
) -> None:
    """Keep a picture for a broadcast, and print its id. Unused, it is let go after a day."""
    raw = _bytes(file, "FILE", limit=imaging.FILE_LIMIT_BYTES)
    once, password = _once(key), _password(password_file)

    async def body() -> PictureId:
        async with signed_in(as_, password, organisation) as (rt, actor):
            return await pictures.keep(rt, raw, key=once, actor=actor)

    typer.echo(console.run(body()).hex())


def _asked(file: Path, audience: str | None) -> NewBroadcast:
    written = _json(_bytes(file, "FILE"), "FILE", dict[str, Any])
    if audience is not None:
        raw = os.fsencode(audience) if audience.lstrip().startswith("{") else None
        raw = _bytes(Path(audience), "--audience") if raw is None else raw
        written["audience"] = _json(raw, "--audience", dict[str, Any])
    try:
        asked = msgspec.convert(written, NewBroadcast)
        asked.draft()  # what is wrong with it is said before anybody is asked for a password
    except msgspec.ValidationError as error:
        # Which field it is; what stands in it is nobody else's business.
        place = re.search(r"`\$\.?([\w.\[\]…]*)`$", str(error)) or re.search(
            r"field `(\w+)`", str(error)
        )
        raise Invalid("console.broadcast_malformed", where=place[1] if place else "…") from error
    return asked


def _bytes(file: Path, name: str, *, limit: int | None = None) -> bytes:
    """Read a file; one that is longer than its limit comes back too long, or is refused here."""
    try:
        with file.open("rb") as source:
            raw = source.read((limit or FILE_LIMIT_BYTES) + 1)
    except (OSError, ValueError) as error:
        raise Invalid("console.file_unreadable", name=name) from error
    if limit is None and len(raw) > FILE_LIMIT_BYTES:
        raise Invalid("console.json_malformed", name=name)
    return raw


def _json(raw: bytes, name: str, kind: Any) -> Any:
    if WRITTEN_NUL.search(raw):  # PostgreSQL keeps it in no text
        raise Invalid("request.malformed", where=name)
    try:
        return msgspec.json.decode(raw, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Invalid("console.json_malformed", name=name) from error


def _once(key: str | None) -> str:
    least, most = KEY_LIMITS
    if key is not None and not (least <= len(key) <= most and key.isprintable()):
        raise Invalid("console.key_malformed", least=least, most=most)
    return key or str(new_id())


@broadcasts.command("approve")
def approve(
    id: UUID,
    *,
    as_: As,
    seen: Annotated[str, typer.Option(help="What `show` prints below the broadcast you read.")],
    no_election_matter: Annotated[
        bool, typer.Option("--no-election-matter", help="You say so too, as its author does.")
    ] = False,
    key: Key = None,
    password_file: PasswordFile = None,
    organisation: Which = None,
) -> None:
    """Put the second signature on exactly what was read. Its author cannot."""
    if not re.fullmatch("[0-9a-f]{64}", seen):
        raise Invalid("request.malformed", where="--seen")
    seen_hash = bytes.fromhex(seen)

    async def act(rt: Runtime, actor: Actor, once: str) -> Broadcast:
        return await actions.approve(
            rt,
            BroadcastId(id),
            seen_hash=seen_hash,
            denies_election=no_election_matter,
            key=once,
            actor=actor,
        )

    _move(act, as_, key, password_file, organisation)


@broadcasts.command("certify")
def certify(
    id: UUID,
    *,
    as_: As,
    number: Annotated[str, typer.Option(help="The number of the certificate.")],
    committee: Annotated[str, typer.Option(help="The committee that gave it.")],
    certified_on: Annotated[
        datetime, typer.Option("--on", formats=["%Y-%m-%d"], help="The day on which it did.")
    ],
    wording: Annotated[
        str | None,
        typer.Option(help="The hash that was certified: `show` prints that of the text."),
    ] = None,
    key: Key = None,
    password_file: PasswordFile = None,
    organisation: Which = None,
) -> None:
    """Note the certificate of what is written, before it is approved."""
    if wording is not None and not re.fullmatch("[0-9a-f]{64}", wording):
        raise Invalid("request.malformed", where="--wording")
    once, password = _once(key), _password(password_file)

    async def body() -> None:
        async with signed_in(as_, password, organisation) as (rt, actor):
            await certificates.certify(
                rt,
                BroadcastId(id),
                number=number,
                committee=committee,
                certified_on=certified_on.date(),
                wording=bytes.fromhex(wording) if wording else None,
                key=once,
                actor=actor,
            )
            await arrivals_log.hint(rt.nats, actor.organisation, "broadcasts")

    console.run(body())
    say("The certificate is entered, for exactly this text.",
        "प्रमाणपत्र दर्ज हो गया, ठीक इसी पाठ के लिए।")  # fmt: skip


@broadcasts.command("submit")
def submit(
    id: UUID,
    *,
    as_: As,
    key: Key = None,
    password_file: PasswordFile = None,
    organisation: Which = None,
) -> None:
    """Ask for the second signature."""

    async def act(rt: Runtime, actor: Actor, once: str) -> Broadcast:
        return await actions.submit(rt, BroadcastId(id), key=once, actor=actor)

    _move(act, as_, key, password_file, organisation)


def _steering(verb: str, name: str, meaning: str) -> None:
    """Add a command that steers a broadcast by this verb."""

    def steer(
        id: UUID,
        *,
        as_: As,
        key: Key = None,
        password_file: PasswordFile = None,
        organisation: Which = None,
    ) -> None:
        async def act(rt: Runtime, actor: Actor, once: str) -> Broadcast:
            return await actions.steer(rt, BroadcastId(id), verb, key=once, actor=actor)

        _move(act, as_, key, password_file, organisation)

    broadcasts.command(name, help=meaning)(steer)


_steering("send_back", "send-back", "Give what was submitted back to its author, as a draft.")
_steering("pause", "pause", "Send nothing more of it for now.")
_steering("resume", "resume", "Go on with what was paused.")
_steering("cancel", "cancel", "Stop it for good. What was sent stays where it is.")
_steering("recall", "recall", "Stop it for good, and take back what stands in chats.")


def _move(
    act: Act, login: str, key: str | None, password_file: Path | None, organisation: str | None
) -> None:
    """Do one thing to a broadcast as somebody, and say where it stands now."""
    once, password = _once(key), _password(password_file)

    async def body() -> Broadcast:
        async with signed_in(login, password, organisation) as (rt, actor):
            moved = await act(rt, actor, once)
            await arrivals_log.hint(rt.nats, actor.organisation, "broadcasts")
            return moved

    moved = console.run(body())
    say(
        "It stands at: {stage}.",
        "अब यहाँ है: {stage}।",
        stage=word("stage", moved.stage, console.language()),
    )
