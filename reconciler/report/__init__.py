"""REPORT: plans and outcomes become text and JSON. One walk (`view`), thin renderers."""
