"""The operator's console: `chaupal …`. Every command is one action with a typed front."""

from typing import Annotated

import typer

from chaupal.cli import (
    broadcasts,
    console,
    engines,
    exports,
    imports,
    organisations,
    principals,
    records,
)
from chaupal.cli.console import Console
from chaupal.cli.demo import demo

app = typer.Typer(
    name="chaupal",
    cls=Console,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="The communications control room of a very large membership organisation.",
)


@app.callback()
def speak(
    language: Annotated[
        str,
        typer.Option(help="hi or en: what the console says.", envvar=["CHAUPAL_LANGUAGE", "LANG"]),
    ] = "en",
) -> None:
    """Remember which language the operator reads."""
    console.speak(language)


app.command()(demo)
app.command()(engines.up)
app.command()(engines.doctor)
app.command()(engines.migrate)
app.command()(engines.version)
app.command("import")(imports.import_)
app.command()(exports.export)
app.command()(principals.breach)
app.add_typer(organisations.organisation, name="organisation")
app.add_typer(organisations.account, name="account")
app.add_typer(organisations.category, name="category")
app.add_typer(organisations.sender, name="sender")
app.add_typer(broadcasts.broadcasts, name="broadcasts")
app.add_typer(records.record, name="record")
