"""One request to a control plane without a token: does it answer, what do its clock and certificate say."""

from __future__ import annotations

import asyncio
import ssl
from dataclasses import dataclass
from datetime import UTC, datetime

import httpx

from reconciler.client.requests.connection import Connection
from reconciler.client.requests.patience import parse_date
from reconciler.client.requests.proxy import find_proxy
from reconciler.client.requests.session import CONNECT_SECONDS
from reconciler.client.requests.transport import open_transport
from reconciler.client.requests.unreachable import NOT_SENT, describe_cause, describe_unreachable
from reconciler.errors import UnreachableError


@dataclass(frozen=True, slots=True)
class ProbeAnswer:
    """What an answer shows, whatever its status.

    Args:
        date: the server's clock; `None` where the answer has no date.
        expires: until when its certificate is valid; `None` without TLS.
    """

    date: datetime | None
    expires: datetime | None


async def probe_host(connection: Connection, seconds: float) -> ProbeAnswer:
    """Ask once, without the token.

    Args:
        connection: the control plane; its token is not used.
        seconds: how long it may take.

    Raises:
        ControlPlaneError: no answer arrived, or the settings of this machine are wrong.
    """
    request = httpx.Request(
        "GET", connection.host + "/", extensions={"timeout": {"connect": min(CONNECT_SECONDS, seconds)}}
    )
    transport = open_transport(connection.host, None, ("GET",), 1)
    try:
        async with asyncio.timeout(seconds):
            response = await transport.handle_async_request(request)
            expires = _read_certificate_end(response)
            await response.aclose()
    except TimeoutError:
        raise UnreachableError(f"no answer within {seconds:.0f} s", _UNREACHABLE_HINT) from None
    except NOT_SENT as error:
        raise describe_unreachable(request.url.host, find_proxy(connection.host), error) from None
    except httpx.HTTPError as error:
        raise UnreachableError(
            f"the answer was broken off: {describe_cause(error)}", _UNREACHABLE_HINT
        ) from None
    finally:
        await transport.aclose()
    return ProbeAnswer(parse_date(response.headers.get("date", "")), expires)


def _read_certificate_end(response: httpx.Response) -> datetime | None:
    """Until when the certificate is valid that was shown for an answer; `None` without TLS."""
    tls = response.extensions["network_stream"].get_extra_info("ssl_object")
    if tls is None:
        return None
    return datetime.fromtimestamp(ssl.cert_time_to_seconds(tls.getpeercert()["notAfter"]), UTC)


_UNREACHABLE_HINT = "check the host, SSL_CERT_FILE, HTTPS_PROXY, and that this machine may reach it"
