"""Shows how far something that takes seconds has come."""

from __future__ import annotations

import sys
import time

import click

from server.commands.messages import say


class Progress:
    """Called with what is being done, how much of how much; texts are the catalogue's `{prefix}.{what}`."""

    def __init__(self, prefix: str) -> None:
        self._prefix = prefix
        self._what: str | None = None
        self._since = time.monotonic()
        self._overwrites = sys.stdout.isatty()

    def __call__(self, what: str, done: int, total: int) -> None:
        if what != self._what:
            self.finish()
            self._what, self._since = what, time.monotonic()
            click.echo(f"  {say(f'{self._prefix}.{what}')} …", nl=False)
        if self._overwrites and total > 1:
            click.echo(f"\r  {say(f'{self._prefix}.{what}')} {done}/{total} ", nl=False)

    def finish(self) -> None:
        """Ends the line of what was done last."""
        if self._what is not None:
            start = "\r" if self._overwrites else ""
            seconds = time.monotonic() - self._since
            lead = f"{start}  {say(f'{self._prefix}.{self._what}')}" if start else ""
            click.echo(f"{lead} ✓ {seconds:.1f} s")
            self._what = None
