import os

from reconciler import apply, connect, load, plan

manifests = load(".", ref="HEAD")
with connect(os.environ["TFY_HOST"], token=os.environ["TFY_API_KEY"]) as plane:
    proposal = plan(manifests, plane)
    print(proposal.digest)
    report = apply(proposal)
for outcome in report.outcomes:
    print(outcome.change.label, outcome.result)
