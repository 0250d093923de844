"""VALIDATE: the text of files becomes declared versions, or every problem in it by file, line and column."""
