"""Plans, applies and failed runs as Markdown that fits a comment or a job summary."""
