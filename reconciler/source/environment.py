"""The environment that git is run in: what is made for it, and little of the caller's own."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

_KEPT_VARIABLES = ("HOME", "PATH", "SUDO_UID", "TMPDIR", "XDG_CONFIG_HOME")
_FIXED_VARIABLES = {
    "GIT_ALLOW_PROTOCOL": "none",  # also for a git that does not know GIT_NO_LAZY_FETCH
    "GIT_ASKPASS": "true",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_TEMPLATE_DIR": "",
    "GIT_TERMINAL_PROMPT": "0",
}
UNCONFIGURED = {"GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": os.devnull}
"""Has git read neither the settings of the system nor those of the user."""
_PROTECTED = ("GIT_CONFIG_GLOBAL", "GIT_CONFIG_NOSYSTEM", "GIT_CONFIG_SYSTEM")
_COUNT_DIGITS = 4
_CONFIGURATION = {
    "core.deltaBaseCacheLimit": "2m",  # each git that reads takes as much; its default is 96 MiB
    "core.fsmonitor": "false",
    "core.hooksPath": os.devnull,
    "core.packedGitLimit": "4m",  # the same; its default is whole packs
    "core.packedGitWindowSize": "1m",
    "safe.bareRepository": "explicit",
    "submodule.recurse": "false",
    "transfer.fsckObjects": "true",
}


def make_variables(
    environment: Mapping[str, str], settings: Mapping[str, str], *, is_configured: bool = False
) -> dict[str, str]:
    """The variables of a git that is run as it has to be.

    Args:
        environment: variables that it gets besides the usual ones.
        settings: that outrank those of any file.
        is_configured: whether the caller may say where the system's and the user's settings are, and which
            folders it trusts.
    """
    trusted = _iterate_trusted(os.environ) if is_configured else ()
    return {
        **_FIXED_VARIABLES,
        **_encode_settings([*{**_CONFIGURATION, **settings}.items(), *trusted]),
        **({name: os.environ[name] for name in _PROTECTED if name in os.environ} if is_configured else {}),
        **environment,
    }


def _encode_settings(settings: Collection[tuple[str, str]]) -> dict[str, str]:
    """Settings as git takes them from the environment, where they outrank those of any file."""
    encoded = {"GIT_CONFIG_COUNT": str(len(settings))}
    for number, (key, value) in enumerate(settings):
        encoded |= {f"GIT_CONFIG_KEY_{number}": key, f"GIT_CONFIG_VALUE_{number}": value}
    return encoded


def _iterate_trusted(environment: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """The folders that the caller trusts, by settings in the environment; its other settings are not read."""
    count = environment.get("GIT_CONFIG_COUNT", "")
    for number in range(int(count) if count.isdecimal() and len(count) <= _COUNT_DIGITS else 0):
        if environment.get(f"GIT_CONFIG_KEY_{number}", "").lower() == "safe.directory":
            yield "safe.directory", environment.get(f"GIT_CONFIG_VALUE_{number}", "")


def reduce_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """What git may see of an environment; relative folders of PATH would be looked up in the repository."""
    path = [folder for folder in environment.get("PATH", os.defpath).split(":") if Path(folder).is_absolute()]
    return {
        **{name: environment[name] for name in _KEPT_VARIABLES if name in environment},
        "PATH": ":".join(path),
    }


@contextmanager
def with_reduced_environment() -> Iterator[None]:
    """Leave this process only what git may see, while GitPython hands its environment on."""
    everything = dict(os.environ)
    os.environ.clear()
    os.environ.update(reduce_environment(everything))
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(everything)
