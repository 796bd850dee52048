"""Names of what `db.lock` locks for ops and installs.

Names are locked in their order. These come before those of records and instances, which some lock together with them
and others later: so nobody waits in a circle.
"""

from __future__ import annotations


def of_op(op_id: str) -> str:
    return f"#op:{op_id}"


def of_install(install_id: str) -> str:
    return f"#install:{install_id}"
