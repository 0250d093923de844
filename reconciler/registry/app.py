"""The registry as an ASGI application: routes of both flavours, and error answers, as data."""

from __future__ import annotations

import hmac
from collections.abc import Mapping, Sequence
from functools import partial
from http import HTTPStatus

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from reconciler.registry.behaviour import Behaviour
from reconciler.registry.errors import Busy, Refusal, Unauthorized
from reconciler.registry.handlers import Handler, Handlers, JsonAnswer
from reconciler.registry.storage.store import Store
from reconciler.wire.models import ErrorBody
from reconciler.wire.routes import FLAVOURS, ML_REPOS_WRITE, Flavour

_HARSHEST = Behaviour()


def create_app(
    store: Store,
    behaviour: Behaviour = _HARSHEST,
    token: str | None = None,
    *,
    middleware: Sequence[Middleware] = (),
) -> Starlette:
    """Build the application over an open store, which the caller closes.

    Args:
        store: Where everything is kept.
        behaviour: What the registry does where the real server's way is not known.
        token: If set, every request must carry it as `Authorization: Bearer`.
        middleware: Goes round the whole application, outermost first: a place to count requests, or
            to come between a request, what it does and its answer.
    """
    guards = [] if token is None else [Middleware(RequireToken, token=token)]
    app = Starlette(
        routes=_make_routes(Handlers(store, behaviour)),
        middleware=[*middleware, *guards],
        exception_handlers={
            Refusal: _handle_refusal,
            HTTPException: _handle_routing_error,
            Exception: _handle_mistake,
        },
    )
    app.router.redirect_slashes = False  # a path of the API has one spelling
    return app


class RequireToken:
    """Lets a request pass that carries the token, and answers 401 to every other."""

    def __init__(self, app: ASGIApp, token: str) -> None:
        self._app = app
        self._expected = f"Bearer {token}".encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or hand on."""
        app = self._app
        if scope["type"] == "http" and not self._admits(scope):
            app = _answer_refusal(
                Unauthorized("the token is missing or wrong"), {"WWW-Authenticate": "Bearer"}
            )
        await app(scope, receive, send)

    def _admits(self, scope: Scope) -> bool:
        given: bytes = dict(scope["headers"]).get(b"authorization", b"")
        return hmac.compare_digest(given, self._expected)


def _make_routes(handlers: Handlers) -> list[Route]:
    calls: dict[str, dict[str, Handler]] = {"/": {"GET": handlers.get_page}}
    serves, elsewhere = handlers.behaviour.serves, []
    for name, flavour in FLAVOURS.items():
        if serves in {name, "both"}:
            calls |= _list_calls(flavour, handlers)
        else:
            status = HTTPStatus.OK if handlers.behaviour.elsewhere == "page" else HTTPStatus.NOT_FOUND
            elsewhere.append(Route(flavour.root + "/{path:path}", partial(_show_web_interface, status)))
    calls.setdefault(ML_REPOS_WRITE, {})["PUT"] = handlers.put_ml_repo
    routes = [
        Route(path, _dispatch_by_method(methods), methods=[*methods]) for path, methods in calls.items()
    ]
    return [*routes, *elsewhere]


def _list_calls(flavour: Flavour, handlers: Handlers) -> dict[str, dict[str, Handler]]:
    return {
        flavour.artifact_versions: {"GET": handlers.list_versions, "PUT": handlers.put_version},
        flavour.artifact_version_tags: {"PUT": handlers.put_tags},
        flavour.artifact_versions + "/{id}": {"GET": handlers.get_version, "DELETE": handlers.delete_version},
        flavour.artifacts: {"GET": handlers.list_artifacts},
        flavour.artifacts + "/{id}": {"GET": handlers.get_artifact},
        flavour.ml_repos: {"GET": handlers.list_ml_repos},
        flavour.ml_repos + "/{id}": {"GET": handlers.get_ml_repo},
    }


async def _show_web_interface(status: HTTPStatus, _: Request) -> Response:
    """Answer as the vendor's web interface does, which takes what no server behind it does."""
    return Response(
        "<!doctype html><title>Control plane</title><div id=app></div>", status, media_type="text/html"
    )


def _dispatch_by_method(handlers: Mapping[str, Handler]) -> Handler:
    """Join the calls of one path; Starlette has refused other methods before, and `HEAD` is a `GET`."""

    async def endpoint(request: Request) -> Response:
        return await handlers["GET" if request.method == "HEAD" else request.method](request)

    return endpoint


def _answer_refusal(refusal: Refusal, headers: Mapping[str, str] | None = None) -> JsonAnswer:
    return JsonAnswer(refusal.make_body().model_dump(), refusal.status, headers)


async def _handle_refusal(_: Request, error: Exception) -> Response:
    assert isinstance(error, Refusal)
    return _answer_refusal(error, {"Retry-After": "1"} if isinstance(error, Busy) else None)


async def _handle_routing_error(_: Request, error: Exception) -> Response:
    """Answer for a path or a method that is no call of the API."""
    assert isinstance(error, HTTPException)
    status = HTTPStatus(error.status_code)
    body = ErrorBody(statusCode=status, message=error.detail, code=status.name)
    return JsonAnswer(body.model_dump(), status, error.headers)


async def _handle_mistake(_: Request, __: Exception) -> Response:
    """Answer for a mistake of ours; Starlette raises it on, so that the server's log has it."""
    body = ErrorBody(statusCode=500, message="the registry failed", code=HTTPStatus(500).name)
    return JsonAnswer(body.model_dump(), 500)
