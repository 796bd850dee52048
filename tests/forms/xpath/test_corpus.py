"""Published forms load: whatever pyxform accepts is read, filled and judged without a crash. See corpus.py."""

from __future__ import annotations

import warnings
from collections import Counter
from datetime import datetime

import pytest

from server.forms.evaluation import Filling, FormPlan
from server.forms.issue import FormInvalid
from server.forms.unknown_names import bare_names, unknown_names
from tests.forms.xpath.corpus import folders, xforms
from tests.forms.xpath.ours import SHANGHAI

pytestmark = pytest.mark.skipif(not folders(), reason="RUHU_FORMS names no folder, and there is no shared one")


def test_published_forms_load_and_can_be_filled_without_a_crash() -> None:
    """A form may be refused, with a reason in two languages; nothing else may happen."""
    seen: Counter[str] = Counter()
    refused = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name, xform in xforms():
            try:
                plan = FormPlan.from_xform(xform)
            except FormInvalid as error:
                seen["refused"] += 1
                refused += [f"{name}: {issue.why}" for issue in error.issues]
                assert all(" / " in issue.why and issue.fix for issue in error.issues)
                continue
            assert isinstance([*unknown_names(plan, str), *bare_names(plan, str)], list)
            fill = Filling(plan, {}, now=datetime.now(SHANGHAI))
            fill.violations()
            fill.xml()
            seen["loaded"] += 1
    print(seen, *refused, sep="\n")
    assert seen["loaded"] > 0
