"""What would have to change for the control plane to have what git declares."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from itertools import groupby
from operator import attrgetter

from reconciler.client.connection import checked_host
from reconciler.client.listing import look, observe
from reconciler.client.port import Observation, Reader
from reconciler.errors import InvalidManifestsError, SettingsError
from reconciler.manifest.load import Declaration, Loading
from reconciler.plan.change import Plan
from reconciler.plan.document import Target
from reconciler.plan.planner import make_plan
from reconciler.plan.selector import EVERYTHING, Selector
from reconciler.plan.sieve import Case, Sieve, Sifted, case_of_all
from reconciler.plan.stock import Stock
from reconciler.workflow.arrivals import Arrivals
from reconciler.workflow.validate import check_found

_by_artifact = attrgetter("artifact")


async def plan(loading: Loading, reader: Reader, selector: Selector = EVERYTHING) -> tuple[Declaration, Plan]:
    """Compare what git declares with what is registered, which is listed while manifests are still read.

    Args:
        loading: reads the manifests; all of them have to be valid.
        reader: the control plane.
        selector: says which of them the plan is about.

    Raises:
        InvalidManifestsError: the manifests have errors.
        SettingsError: the manifests are for another control plane.
        SourceError: there is no document, or one can not be read, or not again.
        ControlPlaneError: what is registered can not be told.
    """
    try:
        _check_expected_host(loading.settings.expect_host, reader.host)
        declaration, sifted = await _compared(loading, reader, selector)
    finally:
        loading.stop()
    outlines = [outline for case in sifted.cases for outline in case.outlines]
    documents = groupby(loading.read_again(outlines), _by_artifact)
    selected = replace(declaration, manifests=tuple(filter(selector, declaration.manifests)))
    decided = make_plan(selected, sifted, {artifact: tuple(group) for artifact, group in documents})
    left_out = len(declaration.manifests) - len(selected.manifests)
    return declaration, replace(decided, scope=replace(decided.scope, not_selected=left_out))


async def _compared(loading: Loading, reader: Reader, selector: Selector) -> tuple[Declaration, Sifted]:
    """What is declared, and what of it there is to look at."""
    arrivals = Arrivals(loading, selector)
    declared = asyncio.ensure_future(arrivals.all())
    observed = asyncio.ensure_future(
        observe(
            reader,
            arrivals,
            lambda ml_repo, name: Sieve(
                arrivals.stock, ml_repo, name, loading.settings.ignore, loading.read_again
            ),
        )
    )
    try:
        # What is wrong with the manifests is told first, whatever the control plane has to say.
        declaration = await declared
        check_found(declaration)
        if not declaration.is_valid:
            raise InvalidManifestsError(declaration.problems)
        _check_selected(declaration, selector)
        return declaration, await _sifted(await observed, reader, arrivals.stock)
    finally:
        for task in (declared, observed):
            task.cancel()
        await asyncio.gather(declared, observed, return_exceptions=True)


async def _sifted(observation: Observation[Sieve], reader: Reader, stock: Stock) -> Sifted:
    """What there is to look at, of everything that was listed."""
    cases: list[Case] = []
    unchanged = 0
    for reading in observation.readings:
        sieve = reading.collector
        sieve.finish()
        cases += sieve.cases(reading)
        unchanged += sieve.unchanged
        for artifact in sieve.ambiguous:
            seen = await look(reader, artifact, reading.ml_repo_id)
            cases.append(case_of_all(artifact, stock.lot(artifact).outlines, seen))
    return Sifted(
        target=Target(observation.host, observation.api, observation.tenant),
        cases=tuple(sorted(cases, key=_by_artifact)),
        unchanged=unchanged,
        registered=observation.registered,
        rows=sum(reading.rows for reading in observation.readings),
        pages=sum(reading.pages for reading in observation.readings),
    )


def _check_selected(declaration: Declaration, selector: Selector) -> None:
    """See that globs name something; a shard may well be empty.

    Raises:
        SettingsError: none of what is declared.
    """
    if selector.globs and not any(map(Selector(selector.globs), declaration.manifests)):
        raise SettingsError(
            "nothing that is declared is selected",
            "check --select: globs are of identities, e.g. 'fraud/*' or 'fraud/scorer:4'",
        )


def _check_expected_host(expected: str | None, host: str) -> None:
    if expected is None:
        return
    try:
        address = checked_host(expected)
    except SettingsError as error:
        raise SettingsError(f"expect_host in reconciler.toml: {error}", error.hint) from None
    if address != host:
        raise SettingsError(
            f"the manifests are for {address}, not for {host}",
            "set the other host, or change expect_host in reconciler.toml",
        )
