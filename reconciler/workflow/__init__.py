"""The use-cases: stages wired together. The rules are in the stages."""
