"""Plans, outcomes and problems for a terminal."""
