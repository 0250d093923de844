"""The rules for each field of an artifact version's manifest, as plain data: reading it loads no library.

The rules are those of the control plane's own clients (`truefoundry-sdk` 0.6.0), so what passes here
is what they would send.
"""

from __future__ import annotations

MANIFEST_TYPE = "artifact-version"
INTERNAL_METADATA_PREFIX = ".truefoundry"
URI_SCHEMES = ("s3", "gs", "wasbs")

NAME = r"^[A-Za-z0-9_\-]+$"
MAX_NAME_CHARACTERS = 256
ML_REPO_NAME = r"^[a-zA-Z][a-zA-Z0-9\-]{1,98}[a-zA-Z0-9]$"
MAX_VERSION = 2**31 - 1
VERSION_AS_TEXT = r"^[1-9][0-9]{0,9}$"
VERSION_ALIAS = r"^v[a-zA-Z0-9.-]*([a-zA-Z0-9]+)$"
MAX_ALIAS_CHARACTERS = 128
MAX_DESCRIPTION_CHARACTERS = 512
ID = r"^[A-Za-z0-9_][A-Za-z0-9_.:\-]*$"
"""What the control plane calls a thing: one segment of a path, so that no id leads a request elsewhere."""
MAX_ID_CHARACTERS = 256
