"""A secondary instance that is a list: rows of texts, found by index."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

Row = Mapping[str, str]


class Table:
    """Rows seen as /root/item/<column>: what instance('id') means for a CSV file or an external list.

    The first look-up by a column makes its index; later ones cost the same for 10 or 100,000 rows. Rows must not
    change afterwards. A column that a row does not have is an absent node there.
    """

    def __init__(self, rows: Sequence[Row]) -> None:
        self.rows = rows
