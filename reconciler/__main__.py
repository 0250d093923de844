"""`python -m reconciler`: the command line tool."""

from reconciler.cli import main

main()
