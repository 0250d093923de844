"""What a run looks like, to people and to programs: while it is under way, and at its end."""
