"""`python -m tui`: the command line, for children that this program starts."""

from tui.cli import main

main()
