"""All that is printed: streams that show no token, width, colour, notes and errors, the progress line."""
