"""Turns a template and what it shows into a page, in the reader's language."""

import json
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from functools import lru_cache
from importlib import resources
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, pass_context
from jinja2.runtime import Context

from chaupal.kit.ids import new_id
from chaupal.web import charts
from chaupal.web.language import (
    Language,
    ago,
    clock,
    dated,
    day,
    duration,
    moment,
    number,
    percent,
    size,
    translations,
)
from chaupal.web.words import word


def render(template: str, language: Language, *, now: datetime, **context: object) -> str:
    """Return the page or fragment `template`, complete or not at all.

    A field that a template names and nobody gave is a bug and raises; nothing is left blank.
    """
    page = environment(language).get_template(template)
    return page.render(
        {"me": None, "csrf": "", "theme": "auto", "here": "/", **context, "now": now}
    )


@lru_cache
def environment(language: Language) -> Environment:
    """Build the one environment of a language: its filters, its sentences, its templates."""
    built = Environment(
        loader=PackageLoader("chaupal.web"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    spoken = translations(language)
    built.install_gettext_callables(  # type: ignore[attr-defined]
        spoken.gettext, spoken.ngettext, newstyle=True
    )
    built.globals.update(
        language=language,
        asset=asset,
        bar=charts.bar,
        jaali=charts.jaali,
        total=charts.total,
        reached=charts.reached,
        rungs=charts.RUNGS,
        ladder=tuple(reversed(charts.REACHED)),
        new_key=lambda: new_id().hex,
    )
    built.filters.update(
        number=number,
        bytes=size,
        percent=percent,
        clock=clock,
        dated=_dated,
        moment=_moment,
        ago=_ago,
        duration=_duration,
        word=_word,
        day=_day,
        stamp=datetime.isoformat,
    )
    return built


@lru_cache
def manifest() -> Mapping[str, str]:
    """Read which built file each asset's name stands for. Empty until the assets are built."""
    file = resources.files("chaupal.web") / "static" / "manifest.json"
    return json.loads(file.read_text()) if file.is_file() else {}


def asset(name: str) -> str:
    """Return the address of an asset of ours: it changes whenever its content does."""
    return f"/static/{manifest().get(name, name)}"


@pass_context
def _moment(context: Context, at: datetime) -> str:
    return moment(at, context["now"], context["language"])


@pass_context
def _dated(context: Context, at: datetime) -> str:
    return dated(at, context["now"], context["language"])


@pass_context
def _ago(context: Context, at: datetime) -> str:
    return ago(at, context["now"], context["language"])


@pass_context
def _duration(context: Context, length: timedelta | float) -> str:
    return duration(length, context["language"])


@pass_context
def _day(context: Context, on: date) -> str:
    return day(on, context["language"])


@pass_context
def _word(context: Context, value: Any, kind: str) -> str:
    return word(kind, value, context["language"])
