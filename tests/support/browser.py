"""A headless Chromium, as the page's readers have one."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, sync_playwright

_NAMES = ("chromium", "chromium-browser", "google-chrome")
_MISSING = (
    "there is no Chromium: install one, on Debian with `apt-get install chromium`, or name yours in CHROMIUM"
)


def chromium() -> str | None:
    """The program, if there is one."""
    return os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, _NAMES)), None)


needs_chromium = pytest.mark.skipif(chromium() is None, reason=_MISSING)


@contextmanager
def launched() -> Iterator[Browser]:
    """The browser; within, no other event loop runs in this thread."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=["--no-sandbox"])
        try:
            yield browser
        finally:
            browser.close()


class Reader:
    """Somebody who opens a page, and what the page did beyond being shown.

    Args:
        tab: with what; one that was opened before takes a third of the time of a new one.
        file: the page.
    """

    def __init__(self, tab: Page, file: Path) -> None:
        self.fetched: list[str] = []
        self.said: list[str] = []
        self.address = file.as_uri()
        self.page = tab
        self._listeners: dict[Any, Callable[[Any], None]] = {
            "request": lambda request: self.fetched.append(request.url),
            "console": lambda message: self.said.append(message.text),
            "pageerror": lambda error: self.said.append(str(error)),
        }
        for event, listener in self._listeners.items():
            tab.on(event, listener)
        tab.goto(self.address)

    def leave(self) -> None:
        """Leave the tab to others as it was."""
        for event, listener in self._listeners.items():
            self.page.remove_listener(event, listener)
        self.page.emulate_media(media="null")

    def seen(self) -> list[str]:
        """The changes that are shown, by the numbers that the page gives them."""
        articles = self.page.locator("article").all()
        return [str(article.get_attribute("id")) for article in articles if article.is_visible()]

    def violations(self) -> list[str]:
        """What axe finds wrong for readers who see, hear or type otherwise."""
        found = Axe().run(self.page)
        return [f"{each['id']}: {each['nodes'][0]['html']}" for each in found.response["violations"]]
