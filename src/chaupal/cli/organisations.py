"""Founding organisations, and giving them accounts, categories and senders."""

from pathlib import Path
from typing import Annotated

import typer

from chaupal import directory, groups
from chaupal.channels.limits import Limits
from chaupal.channels.registry import CHANNELS
from chaupal.cli import console
from chaupal.cli.console import Which, opened, organisation_named, say
from chaupal.kit.refusals import Invalid
from chaupal.organisations import actions
from chaupal.organisations.models import Level, OrganisationType, Role

LEVELS = (
    "state:राज्य:State",
    "division:संभाग:Division",
    "district:ज़िला:District",
    "mandal:मंडल:Mandal",
    "shakti_kendra:शक्ति केंद्र:Shakti Kendra",
    "booth:बूथ:Booth",
)

organisation = typer.Typer(no_args_is_help=True, help="Organisations of this installation.")
account = typer.Typer(no_args_is_help=True, help="People who sign in.")
category = typer.Typer(no_args_is_help=True, help="What people join groups under.")
sender = typer.Typer(no_args_is_help=True, help="Accounts through which messages are sent.")

Secret = Annotated[Path | None, typer.Option(help="Read it from this file instead of asking.")]


@organisation.command("create")
def create_organisation(
    slug: str,
    *,
    name_hi: Annotated[str, typer.Option()],
    name_en: Annotated[str, typer.Option()],
    type: Annotated[OrganisationType, typer.Option()],
    level: Annotated[
        list[str] | None,
        typer.Option(help="key:हिन्दी:English, once for each storey from the top."),
    ] = None,
) -> None:
    """Found an organisation with the storeys of its tree."""
    levels = [_level(rank, written) for rank, written in enumerate(level or LEVELS)]

    async def body() -> None:
        async with opened() as rt:
            await actions.found(
                rt, slug=slug, type=type, name_hi=name_hi, name_en=name_en, levels=levels
            )
            say(
                "{name} is founded. Next: `chaupal import units FILE.csv`.",
                "{name} बन गया। आगे: `chaupal import units FILE.csv`।",
                name=name_hi if console.language() == "hi" else name_en,
            )

    console.run(body())


@organisation.callback()
def _organisation() -> None:
    """Organisations of this installation."""


def _level(rank: int, written: str) -> Level:
    parts = [part.strip() for part in written.split(":")]
    if len(parts) != 3 or not all(parts) or rank > 15:
        raise Invalid("console.level_malformed")
    return Level(rank, *parts)


@account.callback()
def _account() -> None:
    """People who sign in."""


@account.command("create")
def create_account(
    login: str,
    *,
    name: Annotated[str, typer.Option()],
    unit: Annotated[str | None, typer.Option(help="The unit's code; the root if left out.")] = None,
    role: Annotated[Role, typer.Option()],
    title_hi: Annotated[str, typer.Option()] = "दायित्व",
    title_en: Annotated[str, typer.Option()] = "Post",
    language: Annotated[str, typer.Option(help="hi or en: what their pages speak.")] = "hi",
    password_file: Secret = None,
    organisation: Which = None,
) -> None:
    """Give somebody an account with a post. The password is asked for, never an argument."""
    if language not in {"hi", "en"}:
        raise Invalid("request.malformed", where="language")
    password = console.secret(password_file, "Password", option="--password-file", confirm=True)
    actions.check_password(password)

    async def body() -> None:
        async with opened() as rt:
            found, actor = await organisation_named(rt, organisation)
            await actions.open_account(
                rt,
                login=login,
                name=name,
                password=password,
                language=language,
                unit=await directory.unit_with_code(rt, unit, organisation=found.id),
                role=role,
                title_hi=title_hi,
                title_en=title_en,
                actor=actor,
            )
            say("{login} can sign in now.", "{login} अब लॉग इन कर सकते हैं।", login=login)

    console.run(body())


@category.callback()
def _category() -> None:
    """What people join groups under."""


@category.command("add")
def add_category(
    key: str,
    *,
    name_hi: Annotated[str, typer.Option()],
    name_en: Annotated[str, typer.Option()],
    organisation: Which = None,
) -> None:
    """Add an occupation or a role that people join under themselves."""

    async def body() -> None:
        async with opened() as rt:
            _, actor = await organisation_named(rt, organisation)
            await groups.add_category(rt, groups.Category(key, name_hi, name_en), actor=actor)
            say("The category {key} is there.", "वर्ग {key} जुड़ गया।", key=key)

    console.run(body())


@sender.callback()
def _sender() -> None:
    """Accounts through which messages are sent."""


@sender.command("add")
def add_sender(
    name: str,
    *,
    channel: Annotated[
        str, typer.Option(help="sandbox, telegram, matrix, email, sms, whatsapp_cloud.")
    ],
    endpoint: Annotated[str, typer.Option(help="Where the provider answers, https://…")],
    rate_per_s: Annotated[int, typer.Option(min=1, max=20000)] = 20,
    chat_interval_s: Annotated[float, typer.Option(min=0)] = 0.0,
    portfolio: Annotated[
        str | None, typer.Option(help="Whose senders share a day's limit: its name or number.")
    ] = None,
    daily_limit: Annotated[
        int | None, typer.Option(help="How many people it may write to first in a day.")
    ] = None,
    pair_interval_s: Annotated[
        float | None, typer.Option(help="How long it waits between messages to one person.")
    ] = None,
    pair_burst: Annotated[
        int | None, typer.Option(help="How many to one person may go at once before that.")
    ] = None,
    business_account: Annotated[
        str | None, typer.Option(help="WhatsApp Cloud: the account that has the templates.")
    ] = None,
    token_file: Secret = None,
    webhook_secret_file: Secret = None,
    organisation: Which = None,
) -> None:
    """Add a sender. Its secrets are asked for, or read from files, and kept sealed."""
    limits = Limits(
        rate_per_s, chat_interval_s, portfolio, daily_limit, pair_interval_s, pair_burst
    )
    limits.check()
    token = console.secret(token_file, "Token", option="--token-file")
    found = CHANNELS.get(channel)
    webhook_secret = ""
    if found is None or not found.traits.listens:  # what listens on its line has no webhook
        webhook_secret = console.secret(
            webhook_secret_file, "Webhook secret", option="--webhook-secret-file"
        )

    async def body() -> None:
        async with opened() as rt:
            _, actor = await organisation_named(rt, organisation)
            await directory.add_sender(
                rt,
                name=name,
                channel=channel,
                endpoint=endpoint,
                token=token,
                webhook_secret=webhook_secret,
                limits=limits,
                business_account=business_account,
                actor=actor,
            )
            say("{name} can send now.", "{name} अब भेज सकता है।", name=name)

    console.run(body())
