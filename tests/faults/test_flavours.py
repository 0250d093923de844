"""Which prefix of the API a run uses: with control planes of three ages, and whatever is in front of them."""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from reconciler.registry import Behaviour
from tests.support.cli import Cli
from tests.support.fault_answers import (
    LOGIN_PAGE,
    Forward,
    answers,
    framed,
    in_turn,
    redirects,
    refuses,
    sends,
)
from tests.support.fault_runs import declaring
from tests.support.raw_server import Exchange, RawServer, Script
from tests.support.registry_server import RegistryServer

LOGIN_FORM = b"<html><form><input name=user><input name=pass type='password'></form></html>"
SAML = b'<html><body onload=submit()><form><input type=hidden name="SAMLRequest"></form></html>'
WEB_INTERFACE = b"<!doctype html><title>Control plane</title><div id=app></div>"


@dataclass
class ByPrefix:
    """One script for each prefix."""

    ml: Script
    svc: Script
    asked: list[tuple[str, str]] = field(default_factory=list)

    def __call__(self, exchange: Exchange) -> None:
        """Do what the script of its prefix does."""
        if exchange.head.path == "/":  # doctor looks at the host alone
            refuses(404)(exchange)
            return
        prefix = exchange.head.path.split("/")[2]
        self.asked.append((exchange.head.method, prefix))
        {"ml": self.ml, "svc": self.svc}[prefix](exchange)


def used_of(cli: Cli, *command: str, expect: int = 0) -> str:
    """The flavour that a plan or a report names."""
    told: str = cli(*command, "--format", "json", expect=expect).document["control_plane"]["api"]
    return told


@pytest.mark.parametrize("elsewhere", ["page", "missing-page"])
@pytest.mark.parametrize(("serves", "used"), [("ml", "ml"), ("svc", "svc"), ("both", "ml")])
def test_what_is_served_is_found_out_and_used_for_the_whole_run(
    serves: str, used: str, elsewhere: str, tmp_path: Path
) -> None:
    behaviour = Behaviour.from_switches({"serves": serves, "elsewhere": elsewhere})
    with RegistryServer(behaviour=behaviour, token="secret") as server:  # noqa: S106  of a test
        server.store.put_ml_repo({"type": "ml-repo", "name": "fraud"})
        cli = Cli(
            declaring(tmp_path / "repository", "a", "b").folder, server.url, env={"TFY_API_KEY": "secret"}
        )
        assert used_of(cli, "plan") == used
        assert used_of(cli, "apply", "--yes") == used
        assert used_of(cli, "plan") == used
        assert f"(api {used}, " in cli("plan").out
        asked = {request.path.split("/")[2] for request in server.requests if "ml-repos" not in request.path}
        assert asked == {used}
        assert len(server.writes) == 2


def test_the_flavour_is_no_part_of_digest_approval_or_comment(tmp_path: Path) -> None:
    folder = declaring(tmp_path / "repository", "a", "b").folder
    with RegistryServer() as server:
        server.store.put_ml_repo({"type": "ml-repo", "name": "fraud"})
        as_ml, as_svc = (Cli(folder, server.url, env={"RECONCILER_API": api}) for api in ("ml", "svc"))
        plans = [
            cli("plan", "--out", f"{api}.json", "--format", "json").document
            for cli, api in ((as_ml, "ml"), (as_svc, "svc"))
        ]
        assert [plan["control_plane"]["api"] for plan in plans] == ["ml", "svc"]
        assert plans[0]["digest"] == plans[1]["digest"]
        comments = [cli("plan", "--format", "markdown").out.splitlines()[0] for cli in (as_ml, as_svc)]
        assert comments[0] == comments[1]
        as_svc("apply", "--yes", "--plan", "ml.json")
        assert len(server.writes) == 2
        as_ml("apply", "--yes", "--plan", "svc.json")  # what is left of it: nothing
        assert len(server.writes) == 2


def test_both_prefixes_are_asked_side_by_side(registry: RegistryServer, tmp_path: Path) -> None:
    """Neither is answered before the other has arrived: one after the other, the run would not go on."""
    both_arrived = threading.Barrier(2, timeout=20)
    forward = Forward(registry.url)
    is_first = iter([True, True])

    def script(exchange: Exchange) -> None:
        if next(is_first, False):
            both_arrived.wait()
        forward(exchange)

    with RawServer(script) as server:
        assert used_of(Cli(declaring(tmp_path / "repository").folder, server.url), "plan") == "ml"
        prefixes = [request.path.split("/")[2] for request in server.requests]
        assert sorted(prefixes[:2]) == ["ml", "svc"]
        assert set(prefixes[2:]) == {"ml"}


NOT_SERVED: dict[str, Script] = {
    "404 of a web server": refuses(404),
    "404 of the API's own kind": refuses(404, "Cannot GET /api/ml/v1/ml-repos"),
    "410": refuses(410, "gone"),
    "410 of a web server": refuses(410),
    "the web interface": sends(framed(WEB_INTERFACE, 200, "text/html; charset=utf-8")),
    "the web interface, compressed": sends(
        framed(b"\x1f\x8b\x08", 200, "text/html", "Content-Encoding: gzip")
    ),
    "no content type": sends(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"),
    "JSON of something else": answers({"status": "ok"}),
}


@pytest.mark.parametrize("script", NOT_SERVED.values(), ids=NOT_SERVED)
def test_what_says_that_a_prefix_is_not_served_leads_to_the_other(
    script: Script, registry: RegistryServer, tmp_path: Path
) -> None:
    with RawServer(ByPrefix(ml=script, svc=Forward(registry.url))) as server:
        cli = Cli(declaring(tmp_path / "repository").folder, server.url)
        assert used_of(cli, "apply", "--yes") == "svc"
    assert [request.path for request in registry.writes] == ["/api/svc/v1/artifact-versions"]


@pytest.mark.parametrize("script", NOT_SERVED.values(), ids=NOT_SERVED)
def test_where_neither_is_served_the_error_says_what_each_answered(script: Script, tmp_path: Path) -> None:
    with RawServer(ByPrefix(ml=script, svc=script)) as server:
        ended = Cli(declaring(tmp_path / "repository").folder, server.url)("plan", expect=1)
    error, hint = ended.err.splitlines()
    assert error.startswith("error: no prefix of the API is served: GET /api/ml/v1/ml-repos: ")
    assert "; GET /api/svc/v1/ml-repos: " in error
    assert hint == "  check the host: reconciler doctor"


SERVED: dict[str, tuple[Script, str]] = {
    "a login page": (sends(framed(LOGIN_PAGE, 200, "text/html")), "200 with a page that asks for a login"),
    "a login form": (sends(framed(LOGIN_FORM, 200, "text/html")), "200 with a page that asks for a login"),
    "single sign-on": (sends(framed(SAML, 200, "text/html")), "200 with a page that asks for a login"),
    "a redirect": (redirects(302, "https://login.example.com/"), "redirects to https://login.example.com/"),
    "401": (refuses(401, "token expired"), "401, token expired"),
    "403 of a proxy": (refuses(403), "/api/ml/v1/ml-repos: 403"),
    "a row that is none": (
        answers({"data": [{"name": "x"}], "pagination": {"total": 1}}),
        "the answer is not shaped like the API's, at data.0.id",
    ),
    "400": (refuses(400, "no such filter"), "400, no such filter"),
}


@pytest.mark.parametrize(("script", "told"), SERVED.values(), ids=SERVED)
def test_what_goes_wrong_on_a_prefix_that_is_served_is_an_error(
    script: Script, told: str, registry: RegistryServer, tmp_path: Path
) -> None:
    with RawServer(ByPrefix(ml=script, svc=Forward(registry.url))) as server:
        cli = Cli(declaring(tmp_path / "repository").folder, server.url)
        ended = cli("apply", "--yes", expect=1)
        found = {
            each["name"]: each for each in cli("doctor", "--format", "json", expect=1).document["findings"]
        }
    assert told in ended.err
    assert registry.writes == []
    assert (found["api ml"]["state"], found["api svc"]["state"]) == ("failure", "ok")
    assert told in found["api ml"]["message"]
    assert found["api svc"]["message"] == "answers"


def test_a_prefix_that_fails_for_a_moment_is_asked_again_and_not_left(
    registry: RegistryServer, tmp_path: Path
) -> None:
    forward = Forward(registry.url)
    script = ByPrefix(ml=in_turn(refuses(502), forward), svc=forward)
    with RawServer(script) as server:
        assert used_of(Cli(declaring(tmp_path / "repository").folder, server.url), "plan") == "ml"
    assert script.asked.count(("GET", "ml")) == 3  # one of them in vain, then ML repo and versions


def test_a_prefix_that_is_slow_is_waited_for(registry: RegistryServer, tmp_path: Path) -> None:
    forward, is_answered = Forward(registry.url), threading.Event()

    def after_the_other(exchange: Exchange) -> None:
        assert is_answered.wait(timeout=20)
        forward(exchange)

    def at_once(exchange: Exchange) -> None:
        forward(exchange)
        is_answered.set()

    with RawServer(ByPrefix(ml=after_the_other, svc=at_once)) as server:
        assert used_of(Cli(declaring(tmp_path / "repository").folder, server.url), "plan") == "ml"


def test_the_other_prefix_is_not_waited_for(registry: RegistryServer, tmp_path: Path) -> None:
    with RawServer(ByPrefix(ml=Forward(registry.url), svc=Exchange.stall)) as server:
        cli = Cli(declaring(tmp_path / "repository").folder, server.url)
        assert used_of(cli, "plan", "--timeout", "20") == "ml"  # a stall is longer


@pytest.mark.parametrize("serves", ["ml", "svc"])
def test_a_flavour_that_is_asked_for_is_the_only_one_asked(serves: str, tmp_path: Path) -> None:
    with RegistryServer(behaviour=Behaviour.from_switches({"serves": serves})) as server:
        server.store.put_ml_repo({"type": "ml-repo", "name": "fraud"})
        folder = declaring(tmp_path / "repository").folder
        assert used_of(Cli(folder, server.url), "plan", "--api", serves) == serves
        other = {"ml": "svc", "svc": "ml"}[serves]
        server.forget()
        ended = Cli(folder, server.url)("plan", "--api", other, expect=1)
        assert f"/api/{other}/v1/ml-repos: 200 with text/html, which is no answer of the API" in ended.err
        assert {request.path for request in server.requests} == {f"/api/{other}/v1/ml-repos"}
        found = Cli(folder, server.url)("doctor", "--format", "json").document["findings"]
    told = {each["name"]: (each["state"], each["message"]) for each in found}
    assert told[f"api {serves}"] == ("ok", "answers, and is used")
    assert told[f"api {other}"][0] == "ok"
    assert told[f"api {other}"][1].startswith("not served, and not needed: GET ")


def test_doctor_fails_where_no_prefix_is_served(tmp_path: Path) -> None:
    nothing = refuses(404)
    with RawServer(ByPrefix(ml=nothing, svc=nothing)) as server:
        ended = Cli(declaring(tmp_path / "repository").folder, server.url)(
            "doctor", "--format", "json", expect=1
        )
    states = {each["name"]: each["state"] for each in json.loads(ended.out)["findings"]}
    assert (states["api ml"], states["api svc"]) == ("failure", "failure")
    assert states["ML repo fraud"] == "warning"
