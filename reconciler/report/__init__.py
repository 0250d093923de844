"""REPORT: plans, outcomes and problems for each kind of reader. One walk (`view`), thin renderers."""
