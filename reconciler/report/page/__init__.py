"""Plans and outcomes as one HTML page."""
