"""`python -m tui`: the command line, for children that this program starts."""

from tui.cli.command_line import main

main()
