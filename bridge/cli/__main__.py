"""`python -m bridge.cli`: the command line without the script."""

from bridge.cli import main

main()
