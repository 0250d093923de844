"""What answers have to hold, and what they may."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic_core import ValidationError

from reconciler.wire.answers import ML_REPO_PAGE, REFUSAL
from tests.support.fault_answers import FRAUD, page


def ml_repos(**fields: Any) -> Any:
    return page([{"id": "7", "manifest": FRAUD["data"][0]["manifest"], **fields}])


@pytest.mark.parametrize("fields", [{}, {"tenant_name": None}, {"tenant_name": ""}, {"tenant_name": "a"}])
def test_an_ml_repo_may_say_whose_it_is(fields: dict[str, Any]) -> None:
    (row,) = ML_REPO_PAGE.validate_python(ml_repos(**fields))["data"]
    assert {"id", "manifest", *fields} == row.keys()


@pytest.mark.parametrize("tenant", [7, ["a"], {"a": 1}, "x" * 257])
def test_a_tenant_is_a_name(tenant: Any) -> None:
    with pytest.raises(ValidationError):
        ML_REPO_PAGE.validate_python(ml_repos(tenant_name=tenant))


@pytest.mark.parametrize("body", [{}, {"message": None}, {"message": "no"}, {"code": 7}])
def test_a_refusal_may_say_why(body: dict[str, Any]) -> None:
    assert REFUSAL.validate_python(body).get("message") == body.get("message")
