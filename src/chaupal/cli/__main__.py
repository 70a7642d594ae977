"""The console without an installed script: `python -m chaupal.cli`."""

from chaupal.cli import app

app()
