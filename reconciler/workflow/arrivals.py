"""Manifests as they arrive from the files, while what is registered is listed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence

from reconciler.manifest.load import Declaration, Loading
from reconciler.model import Outline
from reconciler.planning.selector import Selector
from reconciler.planning.stock import Stock


class Arrivals:
    """What is asked for, as it becomes known; see `client.port.Demand`.

    Args:
        loading: reads the manifests.
        selector: says which of them are asked for.

    Attributes:
        stock: those that are known.
    """

    def __init__(self, loading: Loading, selector: Selector) -> None:
        self.stock = Stock()
        self._loading = loading
        self._selector = selector
        self._changed = asyncio.Event()

    async def all(self) -> Declaration:
        """Read the manifests in a thread beside this one, to their end.

        Raises:
            ReconcilerError: they can not be read.
        """
        loop = asyncio.get_running_loop()

        def read() -> Declaration:
            for outlines in self._loading.load_batches():
                loop.call_soon_threadsafe(self._add, outlines)
            return self._loading.load_declaration()

        declaration = await asyncio.to_thread(read)
        self.stock.complete()
        self._changed.set()
        return declaration

    async def iterate_ml_repos(self) -> AsyncIterator[str]:
        """The ML repos, each once another is known too: files of one most often follow each other."""
        begun = 0
        while True:
            known = self.stock.ml_repos
            ready = len(known) if self.stock.is_complete else len(known) - 1
            if begun < ready:
                begun += 1
                yield known[begun - 1]
            elif self.stock.is_complete:
                return
            else:
                await self.wait_for_more()

    def list_names(self, ml_repo: str) -> Sequence[str]:
        """The names of the artifacts in an ML repo, as far as they are known."""
        return tuple(self.stock.lots(ml_repo))

    async def wait_for_more(self) -> None:
        """Wait until more manifests are known, or that there are no more."""
        self._changed.clear()
        await self._changed.wait()

    async def wait_for_all(self) -> None:
        """Wait until all manifests are known."""
        while not self.stock.is_complete:
            await self.wait_for_more()

    def _add(self, outlines: Sequence[Outline]) -> None:
        self.stock.add(outlines if self._selector.is_everything else list(filter(self._selector, outlines)))
        self._changed.set()
