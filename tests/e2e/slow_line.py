"""A line between a phone and its server that is slow, late, cut every so often, or not there. TCP, on 127.0.0.1."""

from __future__ import annotations

import asyncio
import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from urllib.parse import urlsplit

PIECE = 2048  # bytes read at once
RESET = struct.pack("ii", 1, 0)  # SO_LINGER: closing sends RST


@dataclass
class SlowLine:
    """`rate` in bytes a second each way (0: as fast as it goes), `delay` in seconds one way, `reset_every` in seconds.

    `up` and `down` count the bytes that came through; `resets` the connections that were cut.
    """

    host: str
    port: int
    rate: float = 0
    delay: float = 0
    reset_every: float = 0
    is_down: bool = False
    up: int = 0
    down: int = 0
    resets: int = 0
    address: str = ""
    _free: dict[str, float] = field(default_factory=dict)
    _writers: set[asyncio.StreamWriter] = field(default_factory=set)

    async def serve(self, ready: threading.Event) -> None:
        listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"http://127.0.0.1:{listener.getsockname()[1]}"
        cutting = asyncio.create_task(self._cut())
        async with await asyncio.start_server(self._meet, sock=listener, limit=PIECE):
            ready.set()
            await cutting

    async def _cut(self) -> None:
        """Cuts whatever is open, every `reset_every` seconds, and while the line is down."""
        passed = 0.0
        while True:
            await asyncio.sleep(0.1)
            passed += 0.1
            if self.is_down or (self.reset_every and passed >= self.reset_every):
                passed = 0.0
                self.resets += len(self._writers) // 2
                for writer in list(self._writers):
                    writer.transport.abort()

    async def _meet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.is_down:
            writer.transport.abort()
            return
        far_reader, far_writer = await asyncio.open_connection(self.host, self.port, limit=PIECE)
        for one in (writer, far_writer):
            one.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        self._writers |= {writer, far_writer}
        try:
            await asyncio.gather(self._pump(reader, far_writer, "up"), self._pump(far_reader, writer, "down"))
        finally:
            self._writers -= {writer, far_writer}
            for one in (writer, far_writer):
                with suppress(OSError):
                    one.close()

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, way: str) -> None:
        """Takes pieces as fast as the line carries them; each comes out `delay` later, in order."""
        loop = asyncio.get_running_loop()
        late: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()
        out = asyncio.create_task(self._late(late, writer))
        try:
            while piece := await reader.read(PIECE):
                if self.rate:
                    self._free[way] = max(loop.time(), self._free.get(way, 0.0)) + len(piece) / self.rate
                    await asyncio.sleep(self._free[way] - loop.time())
                if writer.transport.is_closing():  # cut: what was handed over and not carried yet is lost
                    break
                setattr(self, way, getattr(self, way) + len(piece))
                late.put_nowait((loop.time() + self.delay, piece))
            late.put_nowait((loop.time() + self.delay, b""))
            await out
        except OSError:
            out.cancel()
            writer.transport.abort()

    async def _late(self, pieces: asyncio.Queue[tuple[float, bytes]], writer: asyncio.StreamWriter) -> None:
        while True:
            due, piece = await pieces.get()
            await asyncio.sleep(max(0.0, due - asyncio.get_running_loop().time()))
            if writer.transport.is_closing():  # cut: what was under way is lost
                return
            with suppress(OSError):
                if not piece:
                    writer.close()
                    return
                writer.write(piece)
                await writer.drain()


@contextmanager
def slow_line(address: str) -> Iterator[SlowLine]:
    """A line to the server at `address`, good at first; open its own `.address` instead."""
    target = urlsplit(address)
    line, ready, loop = SlowLine(target.hostname or "", target.port or 80), threading.Event(), asyncio.new_event_loop()

    def run() -> None:
        with suppress(asyncio.CancelledError):
            loop.run_until_complete(line.serve(ready))

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    assert ready.wait(10)
    try:
        yield line
    finally:
        for task in asyncio.all_tasks(loop):
            loop.call_soon_threadsafe(task.cancel)
        thread.join(10)
