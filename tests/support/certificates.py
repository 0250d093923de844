"""Certificates for servers on loopback, and environments that trust them."""

from __future__ import annotations

import ssl
from datetime import datetime
from pathlib import Path

import trustme


def issue_certificate(
    authority: trustme.CA, host: str, begin: datetime | None = None, end: datetime | None = None
) -> ssl.SSLContext:
    """What a server of a host shows, of an authority; valid now unless other times are given."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(host, not_before=begin, not_after=end).configure_cert(context)
    return context


def trust_authority(authority: trustme.CA, file: Path) -> dict[str, str]:
    """Write an authority into a file; the environment that trusts it."""
    authority.cert_pem.write_to_path(file)
    return {"SSL_CERT_FILE": str(file)}
