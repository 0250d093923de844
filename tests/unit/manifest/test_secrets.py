"""What looks like a credential is warned about, and shown by a fingerprint only."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.manifest import secrets as module
from reconciler.manifest.secrets import is_secret, masked, secrets
from tests.support.builders import load_manifests, snapshot

JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhIn0.c2lnbmF0dXJl"


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("password", "hunter2"),
        ("db_password", "x"),
        ("password", 12345678),
        ("passcode", 0),
        ("clientSecret", 1.5),
        ("API-Key", "x"),
        ("apiKey", "x"),
        ("aws.secret.access.key", "x"),
        ("hf_token", "x"),
        ("note", "AKIA" + "ABCDEFGHIJKLMNOP"),
        ("note", "ghp_" + "a1B2" * 9),
        ("note", "sk-" + "abcdefghij0123456789"),
        ("note", "tfy_" + "abcdefghij0123456789"),
        ("note", "github_pat_" + "11ABCDEFG0" * 3),
        ("note", "hf_" + "abcdefghij" * 3),
        ("note", "sk_live_" + "abcdefghij012345"),
        ("note", "AIza" + "abcdefghij0123456789-abcdefghij_012"),
        ("url", "https://example.com/x?a=b&sig=" + "abcdefghij%2F012345"),
        ("url", "https://example.com/x?X-Amz-Signature=" + "0123456789abcdef"),
        ("Passwords", "x"),
        ("api_keys", "x"),
        ("DB_PWD", "x"),
        ("Authorization", "x"),
        ("note", f"Bearer {JWT}"),
        ("note", f"token-{JWT}"),
        ("note", f"eyJ-{JWT}"),
        ("note", "-----BEGIN RSA PRIVATE KEY-----\nMII"),
        ("url", "postgres://user:pass@db.example.com/x"),
        ("note", "q7Zt3KpL9vXw2RnB8mYc5HsD1fGj6TkQ"),
    ],
)
def test_credentials_are_recognised(key: str, value: Any) -> None:
    assert is_secret(key, value)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("tokenizer", "bpe"),
        ("tokens", 128),
        ("max_tokens", "128"),
        ("token", ""),
        ("token", 4096),
        ("pass", 0.93),
        ("password", True),
        ("password", None),
        ("keyboard", "x"),
        ("key", "customer_id"),
        ("sha256", "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"),
        ("uri", "s3://example-models/fraud/scorer/2026-11-09/model.bin"),
        ("table", "warehouse.fraud.labelled_payments_v2_with_a_long_name"),
        ("uuid", "3f2504e0-4f89-11d3-9a0c-0305e82c3301"),
        ("description", "A sentence of some length, such as people write about their models."),
    ],
)
def test_what_people_write_about_models_is_not(key: str, value: Any) -> None:
    assert not is_secret(key, value)


def test_what_only_begins_like_a_web_token_is_none() -> None:
    assert not is_secret("note", "-eyJaaaaaaaa" * 10)
    assert not is_secret("note", "heyJ" + "a" * 20 + "." + "a" * 20 + ".")


def test_places_are_found_through_lists_and_mappings() -> None:
    value: Any = {"a": [{"password": "x"}, "y"], "b": {"token": ["one", 2]}}
    assert list(secrets(value)) == [("a", "0", "password"), ("b", "token", "0")]
    assert list(secrets({"token": {"0": "x", "of": "x"}})) == [("token", "0")]


def test_the_path_of_a_part_says_what_it_stands_under() -> None:
    assert masked("x", ("metadata", "password", "0")) != "x"
    assert masked("x", ("metadata", "password", "of")) == "x"
    assert list(secrets(["x"], ("metadata", "password"))) == [("metadata", "password", "0")]


def test_the_keys_that_are_remembered_as_harmless_are_bounded() -> None:
    keys = [f"key-{number}" for number in range(3_000)]
    for _ in range(2):
        assert list(secrets({key: {"x" * 300: "x", "note": "x"} for key in keys})) == []
        assert list(secrets({"password": "x", **dict.fromkeys(keys, "x")})) == [("password",)]
    assert len(module._harmless) <= 1_000  # noqa: SLF001  nothing else shows it
    assert max(map(len, module._harmless)) <= 200  # noqa: SLF001


def test_a_number_is_masked_like_a_text() -> None:
    assert masked({"password": 12345678}) == masked({"password": "12345678"})


def test_masks_of_equal_values_are_equal_and_of_others_differ() -> None:
    one, same, other = (masked({"password": text}) for text in ("x", "x", "y"))
    assert one == same != other
    assert "x" not in str(one).replace("password", "")


def test_every_manifest_with_one_is_warned_about_at_its_place() -> None:
    text = (
        "type: artifact-version\nname: scorer\nml_repo: fraud\nversion: 1\n"
        "metadata:\n  store:\n    - password: hunter2\nsource: {type: truefoundry}\n"
    )
    declaration = load_manifests(snapshot({"a.yaml": text}))
    (problem,) = declaration.problems
    assert str(problem) == (
        "a.yaml:7:17: warning: metadata.store.0.password looks like a credential, which all readers of the "
        "registry see (name where it is kept instead)"
    )
    assert len(declaration.manifests) == 1
