"""The tables of a registry file, and the marks by which it is known again."""

from __future__ import annotations

APPLICATION_ID = 0x5243_4E31
"""Stands in the file's header, so that another program's database is never written to."""

FORMAT = 1
"""`PRAGMA user_version`: rises with every change of the tables below."""

# `seq` orders rows by creation and is never used twice. `name`, `ml_repo_id`, `alias`, `step` and
# `run_id` of a version repeat what `manifest` and `artifacts` say, for the filters of the list call.
# `events` refers to versions by number: a history outlives the version that it tells of.
TABLES = """
CREATE TABLE ml_repos (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL UNIQUE,
    manifest TEXT NOT NULL,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL
);
CREATE TABLE artifacts (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    ml_repo_id TEXT NOT NULL REFERENCES ml_repos (id),
    name TEXT NOT NULL,
    fqn TEXT NOT NULL UNIQUE,
    highest_version INTEGER NOT NULL,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    UNIQUE (ml_repo_id, name)
);
CREATE INDEX artifacts_by_name ON artifacts (name);
CREATE TABLE versions (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    artifact_id TEXT NOT NULL REFERENCES artifacts (id),
    ml_repo_id TEXT NOT NULL REFERENCES ml_repos (id),
    name TEXT NOT NULL,
    version INTEGER NOT NULL,
    fqn TEXT NOT NULL UNIQUE,
    alias TEXT,
    step INTEGER NOT NULL,
    run_id TEXT,
    manifest TEXT NOT NULL,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    UNIQUE (artifact_id, version),
    UNIQUE (artifact_id, alias)
);
CREATE INDEX versions_by_artifact ON versions (artifact_id);
CREATE INDEX versions_by_ml_repo ON versions (ml_repo_id);
CREATE INDEX versions_by_ml_repo_and_name ON versions (ml_repo_id, name, version);
CREATE INDEX versions_by_name ON versions (name, version);
CREATE INDEX versions_by_run ON versions (run_id);
CREATE TABLE tags (
    version_id TEXT NOT NULL REFERENCES versions (id) ON DELETE CASCADE,
    tag TEXT NOT NULL,
    PRIMARY KEY (version_id, tag)
) WITHOUT ROWID;
CREATE INDEX tags_by_tag ON tags (tag);
CREATE TABLE events (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    artifact_id TEXT NOT NULL REFERENCES artifacts (id),
    version INTEGER NOT NULL,
    at TEXT NOT NULL,
    kind TEXT NOT NULL,
    detail TEXT NOT NULL
);
CREATE INDEX events_by_artifact ON events (artifact_id, version);
CREATE VIEW tagged_versions AS
SELECT v.*, (
    SELECT json_group_array(tag) FROM (SELECT tag FROM tags WHERE version_id = v.id ORDER BY tag)
) AS tags
FROM versions v;
"""
