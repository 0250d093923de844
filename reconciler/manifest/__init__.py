"""VALIDATE: the text of files becomes declared versions, or every problem in it by file, line and column.

`parse` makes values of text, `rules` judges them; neither knows of the other, nor of files and processes.
"""
