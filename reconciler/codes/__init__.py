"""The codes of problems: short words that stay as they are, whatever the messages come to say.

A code names the rule that is broken, not the place: pipelines count by codes, people look them up with
`reconciler explain CODE`. A code is never given another meaning. Each has a page in `pages/`.
"""

from __future__ import annotations

from enum import StrEnum, unique


@unique
class Code(StrEnum):
    """The rules, in the order in which they are listed."""

    # Of files: what can not be read at all.
    FILE_TOO_LARGE = "file-too-large"
    SYMBOLIC_LINK = "symbolic-link"
    FILE_NAME = "file-name"
    DUPLICATE_FILE = "duplicate-file"
    NOT_UTF_8 = "not-utf-8"
    LFS_POINTER = "lfs-pointer"
    INVALID_YAML = "invalid-yaml"
    INVALID_JSON = "invalid-json"
    DOCUMENT_TOO_LARGE = "document-too-large"

    # Of documents: what means different things to different programs, or nothing in JSON.
    DUPLICATE_KEY = "duplicate-key"
    KEY_NOT_TEXT = "key-not-text"
    INVALID_MERGE = "invalid-merge"
    UNSUPPORTED_TAG = "unsupported-tag"
    NUMBER_OUT_OF_RANGE = "number-out-of-range"
    INEXACT_INTEGER = "inexact-integer"
    AMBIGUOUS_VALUE = "ambiguous-value"
    HALF_CHARACTER = "half-character"

    # Of manifests, one by one.
    MISSING_FIELD = "missing-field"
    UNKNOWN_FIELD = "unknown-field"
    WRONG_TYPE = "wrong-type"
    OUT_OF_RANGE = "out-of-range"
    EMPTY_FIELD = "empty-field"
    TOO_LONG = "too-long"
    INVALID_NAME = "invalid-name"
    INVALID_ML_REPO = "invalid-ml-repo"
    INVALID_ALIAS = "invalid-alias"
    UNSEEN_CHARACTER = "unseen-character"
    UNNAMED_VERSION = "unnamed-version"
    PLATFORM_KEY = "platform-key"
    UNKNOWN_SOURCE = "unknown-source"
    LOCAL_SOURCE = "local-source"
    UNKNOWN_SCHEME = "unknown-scheme"
    PLACEHOLDER = "placeholder"
    CREDENTIAL = "credential"

    # Of documents that may be meant as manifests.
    SIMILAR_TYPE = "similar-type"
    MISSING_TYPE = "missing-type"
    MANIFEST_LIST = "manifest-list"

    # Of manifests, taken together.
    DUPLICATE_VERSION = "duplicate-version"
    DUPLICATE_ALIAS = "duplicate-alias"
    DUPLICATE_URI = "duplicate-uri"
    SIMILAR_NAME = "similar-name"
    SIMILAR_ALIAS = "similar-alias"
    SIMILAR_URI = "similar-uri"
    SHARED_VERSION = "shared-version"
    EDITED_CONTENTS = "edited-contents"

    # Of `reconciler.toml`, and of a branch beside its base.
    INVALID_TOML = "invalid-toml"
    SETTINGS_TOO_LARGE = "settings-too-large"
    UNKNOWN_SETTING = "unknown-setting"
    INVALID_IGNORE = "invalid-ignore"
    INVALID_NORMALISE = "invalid-normalise"
    INVALID_HOST = "invalid-host"
    INVALID_PATHS = "invalid-paths"
    UNUSED_PATH = "unused-path"
    INVALID_GUARD = "invalid-guard"
    INVALID_DEFAULTS = "invalid-defaults"
    INVALID_PRUNE = "invalid-prune"
    BASE_NOT_KNOWN = "base-not-known"
    SETTINGS_CHANGED = "settings-changed"
    DECLARED_IN_PASSING = "declared-in-passing"

    # Of plans.
    CONFLICT = "conflict"
    GUARD = "guard"
    DELETION = "deletion"

    # Of applies.
    NOT_APPLIED = "not-applied"
    OUTCOME_UNKNOWN = "outcome-unknown"

    # Of problems themselves.
    TOO_MANY_PROBLEMS = "too-many-problems"


UNREADABLE = frozenset(
    {
        Code.FILE_TOO_LARGE, Code.FILE_NAME, Code.DUPLICATE_FILE, Code.NOT_UTF_8, Code.LFS_POINTER,
        Code.INVALID_YAML, Code.INVALID_JSON, Code.DOCUMENT_TOO_LARGE,
    }
)  # fmt: skip
"""Those of a file that can not be read: it mentions manifests, and need not hold any."""
