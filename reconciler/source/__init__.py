"""READ: the files of one commit, or of the work tree, become a snapshot. Nothing in them is executed."""
