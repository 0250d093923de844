"""The page for a person: what is registered and how it came to be."""
