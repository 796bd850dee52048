"""The phones: the app's own sync core in one Node process, driven line by line (client/tests/sim/phones.ts)."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

CLIENT = Path(__file__).resolve().parents[2] / "client"
SOURCE = CLIENT / "tests" / "sim" / "phones.ts"
ESBUILD = CLIENT / "node_modules" / ".bin" / "esbuild"


class Core:
    """A process that holds many phones; `send` gives one event to one of them and answers what it answers."""

    def __init__(self, folder: Path) -> None:
        built = folder / "sim-core.mjs"
        bundle = ("--bundle", "--platform=node", "--format=esm", "--target=node20", "--log-level=warning")
        subprocess.run([ESBUILD, SOURCE, *bundle, f"--outfile={built}"], check=True, cwd=CLIENT)
        self.process = subprocess.Popen(["node", built], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def send(self, phone: str, now: float, event: dict[str, Any], disk: str = "well") -> dict[str, Any]:
        assert self.process.stdin and self.process.stdout
        line = {"phone": phone, "now": int(now * 1000), "event": event, "disk": disk}
        self.process.stdin.write(json.dumps(line) + "\n")
        self.process.stdin.flush()
        answer: dict[str, Any] = json.loads(self.process.stdout.readline())
        return answer

    def close(self) -> None:
        self.process.terminate()
        self.process.wait()
