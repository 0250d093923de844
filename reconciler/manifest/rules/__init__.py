"""What makes a document a manifest, and manifests a set: the rules, and the problem of each broken one."""
