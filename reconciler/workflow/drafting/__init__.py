"""Manifests that are yet to be written: what they say, at which path, and whether they would be read."""
