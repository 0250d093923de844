"""Whether manifests are for the control plane that is asked."""

from __future__ import annotations

from reconciler.client.requests.connection import normalise_host
from reconciler.errors import SettingsError


def check_expected_host(expected: str | None, host: str) -> None:
    """Check that manifests are for the control plane that is asked.

    Args:
        expected: the address that the settings of their repository give, if they do.
        host: the one that is asked.

    Raises:
        SettingsError: they are for another one.
    """
    if expected is None:
        return
    try:
        address = normalise_host(expected)
    except SettingsError as error:
        raise SettingsError(f"expect_host in reconciler.toml: {error}", error.hint) from None
    if address != host:
        raise SettingsError(
            f"the manifests are for {address}, not for {host}",
            "set the other host, or change expect_host in reconciler.toml",
        )
