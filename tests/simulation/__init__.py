"""Seeded simulation of sync: one thread, one seed; phones run their real core, the server its real code (docs/SYNC.md).

`python -m tests.simulation SEED` replays a seed; `python -m tests.simulation --seeds 1000` runs many;
`--database postgres`: on PostgreSQL.
"""
