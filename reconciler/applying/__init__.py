"""APPLY: a plan becomes writes, and each change of it one outcome, always."""
