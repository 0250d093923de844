"""What is registered, in one SQLite file: tables, rows, reads, writes, and the document that a PUT leaves."""
