"""PLAN: what git declares against what is registered gives every change, in the order of its writes."""
