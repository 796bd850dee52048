"""What a database file still holds of what was overwritten."""

from __future__ import annotations

import sqlite3

from sqlalchemy import Engine


def forget_old_bytes(engine: Engine) -> bool:
    """Writes an SQLite file anew, so that freed pages hold nothing old; False when somebody else has it open.

    PostgreSQL keeps old rows until VACUUM FULL, which locks tables: its administrator says when (docs/SECURITY.md).
    """
    if engine.dialect.name != "sqlite":
        return True
    engine.dispose()
    connection = engine.raw_connection()
    try:
        connection.execute("VACUUM")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    except sqlite3.OperationalError as error:
        if "locked" not in str(error):
            raise
        return False
    finally:
        connection.close()
    return True
