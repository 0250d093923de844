"""Whether a snapshot is valid: its manifests, and that there is anything at all."""

from __future__ import annotations

import pytest

from reconciler.errors import SourceError
from reconciler.manifest.load import Loading
from reconciler.workflow.validate import validate
from tests.support.builders import snapshot


def test_no_document_at_all_is_an_error() -> None:
    with pytest.raises(SourceError, match=r"^no artifact version in commit 0123456789$") as caught:
        validate(Loading(snapshot({})))
    assert caught.value.hint.startswith(
        "check the paths, or write a first manifest: reconciler new ML_REPO/NAME"
    )
    expected = r"^no artifact version in the work tree among 2 YAML and JSON files$"
    with pytest.raises(SourceError, match=expected):
        validate(Loading(snapshot({"a.yaml": "", "b.json": "{"}, commit=None, in_work_tree=True)))


@pytest.mark.parametrize("content", ["type: service\nml_repo: a\n", "ml_repo: ["])
def test_other_documents_and_problems_are_found_documents(content: str) -> None:
    found = validate(Loading(snapshot({"a.yaml": content})))
    assert found.manifests == ()
