"""What sealing costs: one op's payload, one household row, one member row; each sealed and opened, in microseconds.

    python -m tests.bench.bench_sealing
"""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from server import db, schema
from server.app import create_app
from server.config import Settings
from server.registry.definitions import datasets
from server.sealing.columns import SealedBytes
from server.sealing.json_columns import SealedValues
from server.sealing.vault import vault

TIMES = 20_000


def micro(work: Callable[[], object]) -> float:
    """Best of five rounds: what the code costs, not what else the machine did."""
    best = float("inf")
    for _ in range(5):
        start = time.perf_counter()
        for _ in range(TIMES // 5):
            work()
        best = min(best, (time.perf_counter() - start) / (TIMES // 5))
    return best * 1e6


def op_bytes() -> bytes:
    """An op with the answers of 80 questions."""
    answers = "".join(f"<question_{i}>answer {i * 37 % 101}</question_{i}>" for i in range(80))
    base = {f"property_{i}": str(i * 7) for i in range(20)}
    return json.dumps({"op_id": "x" * 36, "instance_xml": f"<data>{answers}</data>", "base": base}).encode()


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        app = create_app(Settings(database_url=f"sqlite:///{folder}/b.sqlite", var=Path(folder)))
        with app.app_context():
            schema.migrate(db.db.engine)
            vault().ready()
            _measure(app.config["RUHU"].forms)
            db.db.engine.dispose()


def _measure(forms: Path) -> None:
    dialect, op = db.db.engine.dialect, op_bytes()
    payload = SealedBytes("op_log.raw")
    token = payload.process_bind_param(op, dialect) or b""
    seal, open_ = micro(lambda: payload.process_bind_param(op, dialect)), micro(lambda: payload.opened(token))
    print(f"op of 80 questions  {len(op)} → {len(token)} bytes   seal {seal:5.1f} µs   open {open_:5.1f} µs")
    for name in ("household", "member"):
        values = dict.fromkeys(datasets(forms)[name].properties, "value")
        kind = SealedValues("entity.data")
        stored = kind.process_bind_param(values, dialect)
        seal, open_ = micro(lambda: kind.process_bind_param(values, dialect)), micro(lambda: kind.opened(stored))  # noqa: B023
        print(f"{name:10} {len(values)} properties                seal {seal:5.1f} µs   open {open_:5.1f} µs")
    print(f"keyed hash of an ID number                  {micro(lambda: vault().digest('99010119850101001X')):5.1f} µs")


if __name__ == "__main__":
    main()
