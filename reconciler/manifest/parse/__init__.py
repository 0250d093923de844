"""Text to values: YAML, JSON and TOML as documents that know where each key and value stands."""
