"""What looks like a credential is warned about, and shown by a fingerprint only."""

from __future__ import annotations

import re
from typing import Any

import pytest

from reconciler.manifest.rules import secrets as module
from reconciler.manifest.rules.secrets import find_secrets, is_secret, mask_secrets
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


CREDENTIALS = re.findall(
    r"\S+",
    """
    password db_password DB_PASSWORD dbPassword smtp.password admin-password passwd root_pwd passphrase
    ssh_key_passphrase passcode secret client_secret clientSecret app-secret SECRET secrets
    webhook_secret jwt_secret signing_secret secret_id token hf_token HF_TOKEN github_token access_token
    accessToken refresh-token id_token bearer_token api_token apiToken wandb_token slack_bot_token
    auth_token session_token service.token token_1 credential credentials gcp_credentials
    aws-credentials authorization Authorization api_key apiKey API-KEY openai_api_key apikeys access_key
    aws_access_key aws_secret_access_key access.key account_key accountKey private_key privateKey
    ssh_private_key secret_key SECRET_KEY django_secret_key api_keys_prod password_prod tokenValue
    secret_value
    """,
)
HARMLESS = re.findall(
    r"\S+",
    """
    bos_token eos_token pad_token unk_token mask_token sep_token cls_token image_token stop_token
    bosToken decoder_start_token forced_eos_token eos-token extra_token system_token token_type
    token_types tokenType token_limit token_budget token_count token_embedding token_dropout
    token_classification token_accuracy token_usage token_cost token_throughput token_merging
    token_position token_class token_logprobs tokens max_tokens max_new_tokens num_tokens
    tokens_per_second tokenizer tokenizer_class tokenization detokenize password_reset_rate
    password_policy password_length password_strength passwordField password_rotation secret_name
    secret_ref secretRef secret_path secret_arn secret_version credentials_file credentials_path
    credential_type api_key_name api_key_env apiKeyRef private_key_path private_key_file access_key_age
    passed pass_rate passing_score bypass compass passenger_count encompass keyboard key keys
    primary_key foreign_key partition_key sort_key key_columns monkey authorized author authority
    secretary secreted pwd_policy authorization_url authorizationMode token_expiry token_ttl
    refresh_token_ttl
    """,
)


def test_of_the_names_that_keys_have_in_practice_each_is_taken_for_what_it_is() -> None:
    assert [key for key in CREDENTIALS if not is_secret(key, "hunter2")] == []
    assert [key for key in HARMLESS if is_secret(key, "hunter2")] == []
    assert (len(CREDENTIALS), len(HARMLESS)) == (len(set(CREDENTIALS)), len(set(HARMLESS)))
    assert min(len(CREDENTIALS), len(HARMLESS)) >= 60


@pytest.mark.parametrize(
    "value",
    ["<s>", "</s>", "[PAD]", "<|im_end|>", "<\uff5cend\u2581of\u2581sentence\uff5c>", "###", "\n", "\t"],
)
def test_what_looks_like_the_token_of_a_tokenizer_is_none_whatever_stands_before_it(value: str) -> None:
    assert not is_secret("observation_token", value)
    assert is_secret("password", value)


@pytest.mark.parametrize("key", ["bos_token", "token_type", "secret_name", "credentials_path"])
def test_a_harmless_key_hides_no_value_that_looks_like_a_credential(key: str) -> None:
    assert is_secret(key, "ghp_" + "a1B2" * 9)


@pytest.mark.parametrize(
    ("value", "is_one"),
    [
        ("Server=db.example.com;Database=x;User Id=a;Password=hunter2;", True),
        ("host=db.example.com password=hunter2 dbname=x", True),
        ("Driver={SQL Server};PWD=hunter2;Uid=a", True),
        ("Server=db.example.com;Database=x;Integrated Security=true;", False),
        ("host=db.example.com password=${DB_PASSWORD}", False),
        ("Server=x;Password=<from the vault>;", False),
        ("Server=x;Password=****;", False),
        ("the password = what opens the store", True),  # rather too much than too little
    ],
)
def test_a_connection_string_with_a_password_is_one(value: str, *, is_one: bool) -> None:
    assert is_secret("connection", value) == is_one
    assert bool(list(find_secrets({"connection": value}))) == is_one


def test_what_only_begins_like_a_web_token_is_none() -> None:
    assert not is_secret("note", "-eyJaaaaaaaa" * 10)
    assert not is_secret("note", "heyJ" + "a" * 20 + "." + "a" * 20 + ".")


def test_places_are_found_through_lists_and_mappings() -> None:
    value: Any = {"a": [{"password": "x"}, "y"], "b": {"token": ["one", 2]}}
    assert list(find_secrets(value)) == [("a", "0", "password"), ("b", "token", "0")]
    assert list(find_secrets({"token": {"0": "x", "of": "x"}})) == [("token", "0")]


def test_the_path_of_a_part_says_what_it_stands_under() -> None:
    assert mask_secrets("x", ("metadata", "password", "0")) != "x"
    assert mask_secrets("x", ("metadata", "password", "of")) == "x"
    assert mask_secrets(["x"], ("metadata", "password")) != ["x"]


def test_the_keys_that_are_remembered_as_harmless_are_bounded() -> None:
    keys = [f"key-{number}" for number in range(3_000)]
    for _ in range(2):
        assert list(find_secrets({key: {"x" * 300: "x", "note": "x"} for key in keys})) == []
        assert list(find_secrets({"password": "x", **dict.fromkeys(keys, "x")})) == [("password",)]
    assert len(module._harmless_keys) <= 1_000  # noqa: SLF001  nothing else shows it
    assert max(map(len, module._harmless_keys)) <= 200  # noqa: SLF001


def test_a_number_is_masked_like_a_text() -> None:
    assert mask_secrets({"password": 12345678}) == mask_secrets({"password": "12345678"})


def test_masks_of_equal_values_are_equal_and_of_others_differ() -> None:
    one, same, other = (mask_secrets({"password": text}) for text in ("x", "x", "y"))
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
