"""What a command prints while it runs and at its end, one view per command, and the output formats."""
