"""python -m server: the `ruhu` program, also where its script is not on the path."""

from server.cli import main

main()
