"""Plans, outcomes and problems as Markdown, within the room that a comment or a summary has."""
