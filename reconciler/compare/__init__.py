"""COMPARE: what git declares joined with what is registered, as both arrive."""
