"""`python -m reconciler`: the command line tool, as `reconciler` is.

`-m` alone has Python import from the current folder first, before anything here is run. In a repository
that somebody else writes to, run `reconciler`, or `python -P -m reconciler`.
"""

from reconciler.cli import main

main()
