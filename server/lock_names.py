"""Names of what `db.lock` locks beside records and instances.

Names are locked in their order. Those of ops and installs come before those of records and instances, which some lock
together with them and others later; those of followers come after all of these, in a lock of their own, and after the
rights of a person and the rows of loans: so nobody waits in a circle. (A push shares those of its records' followers
before it knows which held ops it will release. Should it then wait for one in a circle, PostgreSQL parts them, and the
work is done again.)
"""

from __future__ import annotations


def of_op(op_id: str) -> str:
    return f"#op:{op_id}"


def of_followers(household_id: str) -> str:
    """Who follows a household by the own feed. Whoever tells them of it shares the name with others who do, and keeps
    out who would add or take one: a follower who comes meanwhile would be told by nobody.
    """
    return f"#followers:{household_id}"


def of_rights(person_id: str) -> str:
    """What a person may be given beside what the person has."""
    return f"rights:{person_id}"


def of_install(install_id: str) -> str:
    return f"#install:{install_id}"
