"""Files that a run leaves beside what it prints: plans, reports, and those of a step of GitHub Actions."""
