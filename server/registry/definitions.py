"""The dataset definitions of this server, read and checked once."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from server.forms.dataset import Dataset
from server.forms.datasets import load_datasets


@lru_cache(maxsize=4)
def datasets(forms: Path) -> dict[str, Dataset]:
    """All datasets below the folder of form definitions, by name."""
    return load_datasets(forms / "datasets")
