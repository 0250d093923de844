"""What makes a document a manifest, and manifests a set: the rules, and what is said where one is broken."""
