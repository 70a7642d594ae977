"""All routes of the API, behind one guard, and the document that describes them."""

from dataclasses import dataclass

from litestar import Router
from litestar.di import Provide
from litestar.handlers import HTTPRouteHandler
from litestar.openapi import OpenAPIConfig, ResponseSpec
from litestar.openapi.plugins import JsonRenderPlugin
from litestar.openapi.spec import Components, Operation, SecurityScheme
from msgspec import Struct

from chaupal.api import (
    audiences,
    broadcast_law,
    broadcast_reports,
    broadcasts,
    bulk,
    clusters,
    coverage,
    exports,
    group_bulk,
    groups,
    imports,
    law,
    me,
    offices,
    people,
    person_acts,
    pictures,
    record,
    search,
    senders,
    unit_changes,
    units,
)
from chaupal.api.callers import caller_of, check_key, check_text

HOME = "/api/v1"
FEATURES = (
    me,
    units,
    unit_changes,
    people,
    person_acts,
    bulk,
    groups,
    group_bulk,
    offices,
    search,
    coverage,
    audiences,
    broadcasts,
    broadcast_law,
    broadcast_reports,
    pictures,
    law,
    clusters,
    senders,
    imports,
    exports,
    record,
)
REFUSED = {
    401: "The key is missing, or opens nothing.",
    403: "The key, or its owner's post, does not include this.",
    404: "It is not there, or not yours to see.",
    409: "The rules do not allow it as things stand now.",
    410: "It was there, and its time is over.",
    413: "More bytes than we take.",
    422: "What was sent cannot be understood.",
    429: "Too many tries.",
    503: "An engine is away; nothing was lost, try again.",
}


class Refusal(Struct, frozen=True):
    """The rules' "no", in the language of `Accept-Language`. A code never changes its meaning."""

    code: str
    title: str
    what: str
    mend: str


@dataclass
class _Operation(Operation):
    """An operation as we answer it: what cannot be read is 422, and never 400."""

    def __post_init__(self) -> None:
        if self.responses:
            self.responses.pop("400", None)


def router() -> Router:
    """Return the API: a route that is added to a feature is behind the guard by itself."""
    return Router(
        HOME,
        route_handlers=[_described(route) for feature in FEATURES for route in feature.ROUTES],
        guards=[check_key],
        before_request=check_text,
        dependencies={"caller": Provide(caller_of, sync_to_thread=False)},
        opt={"csrf": "bearer"},
        include_in_schema=True,
        security=[{"key": []}],
    )


def _described(route: HTTPRouteHandler) -> HTTPRouteHandler:
    """Say of a route how it refuses: all of them do so in one shape."""
    route.operation_class = _Operation
    route.responses = {
        status: ResponseSpec(Refusal, description=said, generate_examples=False)
        for status, said in REFUSED.items()
    }
    return route


def document() -> OpenAPIConfig:
    """Return how the API is described: at `openapi.json`, in OpenAPI 3.1."""
    return OpenAPIConfig(
        title="Chaupal",
        version="1",
        description="The directory and the broadcasts of an organisation: the same as its pages.",
        path=HOME,
        render_plugins=[JsonRenderPlugin(path="/openapi.json")],
        use_handler_docstrings=True,
        components=Components(
            security_schemes={
                "key": SecurityScheme(
                    type="http", scheme="bearer", description="A key from the page “Keys”."
                )
            }
        ),
    )
