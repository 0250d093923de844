"""PLAN FILE: plans and reports as JSON documents: their schema, written line by line, read strictly."""
