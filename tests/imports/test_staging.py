"""The file between reading a register and applying it."""

from __future__ import annotations

from pathlib import Path

from server.imports.staging import Staging


def test_what_a_batch_asks_for_costs_the_same_however_long_the_register_is(tmp_path: Path) -> None:
    """By the work that SQLite does: walking all rows for each batch made 100,000 households take hours."""

    def work(rows: int) -> int:
        staging, steps = Staging(tmp_path / f"{rows}", bytes(32), new=True), [0]
        for n in range(rows):
            staging.add_others("member", f"main {n}", [f"other {n}"])

        def count() -> None:
            steps[0] += 1

        staging._rows.set_progress_handler(count, 10)
        assert len(staging.others("member", [f"main {n}" for n in range(20)])) == 20
        staging.close()
        return steps[0]

    assert work(4000) < 2 * work(400)
