"""Which flavour of the API a run uses: the one that its caller names, or the first that is served.

A prefix that is not served falls through to the web interface, or to nothing: 404, 410, or an answer that
is not the API's. All else that may go wrong there (a login page, a redirect, a token that is refused) shows
that the prefix is served, and is an error. `GET ml-repos` is asked, because that list is never missing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from http import HTTPStatus
from typing import Any, TypeVar

from reconciler.errors import ControlPlaneError, NotFoundError, NotTheApiError, RefusedError
from reconciler.wire.routes import AUTO, FLAVOURS, Flavour

_Answer = TypeVar("_Answer")


class FlavourChoice:
    """The flavour that all requests to a control plane use, once it is known.

    Args:
        api: its name, or `AUTO` to find it out by the first question.
    """

    def __init__(self, api: str) -> None:
        self._chosen = None if api == AUTO else FLAVOURS[api]

    @property
    def name(self) -> str:
        """The name of the flavour; `AUTO` before it is known."""
        return self._chosen.name if self._chosen else AUTO

    @property
    def chosen(self) -> Flavour:
        """The flavour, after an answer to the first question."""
        assert self._chosen, "nothing was asked yet"
        return self._chosen

    async def ask(self, question: Callable[[Flavour], Coroutine[Any, Any, _Answer]]) -> _Answer:
        """Ask under the flavour; while it is not known under all, side by side, and choose the first served.

        Args:
            question: asks for a list, under the flavour given.

        Raises:
            ControlPlaneError: as the question raises it; or none is served.
        """
        if self._chosen:
            return await question(self._chosen)
        asked = {flavour: asyncio.create_task(question(flavour)) for flavour in FLAVOURS.values()}
        try:
            return await self._take_first_served(asked)
        finally:
            for task in asked.values():
                task.cancel()
            await asyncio.gather(*asked.values(), return_exceptions=True)

    async def _take_first_served(self, asked: dict[Flavour, asyncio.Task[_Answer]]) -> _Answer:
        errors = []
        for flavour, task in asked.items():
            try:
                answer = await task
            except ControlPlaneError as error:
                if not is_not_served(error):
                    raise
                errors.append(error)
            else:
                # Another question may have been quicker; whatever it chose, it is the same registry.
                self._chosen = self._chosen or flavour
                return answer
        what = "; ".join(error.full_message for error in errors)
        raise NotTheApiError(f"no prefix of the API is served: {what}", "check the host: reconciler doctor")


def is_not_served(error: ControlPlaneError) -> bool:
    """Whether a list that was asked for says that its prefix is not served."""
    return isinstance(error, NotFoundError | NotTheApiError) or (
        isinstance(error, RefusedError) and error.status == HTTPStatus.GONE
    )
