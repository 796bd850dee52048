"""A list crosses to the database as it is, whoever writes it: we do the plain ones, the driver all others."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.dialects.postgresql import ARRAY

from server import db
from server.plans import spell_list
from server.sending import Ready

GIVEN = sa.bindparam("given", type_=ARRAY(sa.String()))
BACK = Ready(sa.text("SELECT one FROM unnest(:given) WITH ORDINALITY AS u(one, n) ORDER BY n").bindparams(GIVEN))
ODD = [
    "", "NULL", "null", "a,b", "{", "}", "{a}", '"', '"a"', "\\", "\\,", " ", " a", "a\n", "张三", "ß", "٣", "'", "a b",
]  # fmt: skip
PLAIN = ["a", "0", "-1", "9900.1", "op:4f0cf7ee-58a6-5bb1", "uuid:1", "house_grade"]
TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=6)
LISTS = st.lists(st.none() | st.sampled_from(ODD + PLAIN) | TEXTS, max_size=4)


@pytest.fixture
def on_postgres(app: Flask, database_url: str) -> Flask:
    if database_url.startswith("sqlite"):
        pytest.skip("SQLite has no arrays")
    return app


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(values=LISTS)
def test_whatever_list_is_given_is_found_again(on_postgres: Flask, values: list[str | None]) -> None:
    with on_postgres.app_context():
        assert db.look_up(BACK, {"given": values}).scalars() == values


@pytest.mark.parametrize("odd", [*ODD, None])
def test_every_odd_value_alone_and_among_others(on_postgres: Flask, odd: str | None) -> None:
    with on_postgres.app_context():
        for values in ([odd], ["a", odd], [odd, "a"], [odd, odd]):
            assert db.look_up(BACK, {"given": values}).scalars() == values


def test_plain_lists_need_no_driver() -> None:
    assert spell_list(PLAIN) == "{" + ",".join(PLAIN) + "}"
    assert [spell_list([odd]) for odd in ODD] == [[odd] for odd in ODD]
