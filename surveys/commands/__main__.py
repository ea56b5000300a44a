"""``python -m surveys.commands``: the command line without the web, for processes beside it."""

from surveys.commands.root import main

main()
