import asyncio
import os

from reconciler import apply, connect, load, plan


async def reconcile() -> None:
    manifests = await asyncio.to_thread(load, ".", ref="HEAD")
    with connect(os.environ["TFY_HOST"], token=os.environ["TFY_API_KEY"]) as plane:
        proposal = await asyncio.to_thread(plan, manifests, plane)
        print(proposal.digest)
        report = await asyncio.to_thread(apply, proposal)
    for outcome in report.outcomes:
        print(outcome.change.label, outcome.result)


asyncio.run(reconcile())
