"""What is done for a whole village of the demo county: the appraisal meeting and its public notice. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from random import Random

from server.demo.homes import FOLLOWED, Household
from server.demo.seed import days_before, dice
from server.demo.works import CHINA, Work, work

NOTICE = 6  # days between posting and taking down


def plan_village(households: Sequence[Household], cadre: str, today: date) -> Iterator[Work]:
    """A meeting about three households of the village, and the notice that has hung for its time."""
    throw = dice("village")
    ordinary = [one for one in households if one.values["household_category"] not in FOLLOWED]
    if not ordinary:
        return
    appraised = ordinary[:3]
    held = days_before(today, 12)
    yield _about_village(throw, appraised[0], cadre, held, _meeting(appraised, held), photos=2)
    yield _about_village(
        throw, appraised[0], cadre, days_before(today, 12 - NOTICE), _notice(appraised, held), photos=2
    )


def _about_village(
    throw: Random, household: Household, cadre: str, day: date, story: dict[str, str], photos: int
) -> Work:
    made = work(throw, "democratic_appraisal", cadre, household, day, story, photos=photos)
    started = datetime.combine(day, time(19, 30), CHINA)
    return replace(made, household=None, started=started, ended=started + timedelta(minutes=70))


def _meeting(appraised: Sequence[Household], held: date) -> dict[str, str]:
    story = {
        "village": appraised[0].village, "stage": "meeting", "notice_read": "yes", "place": "村委会会议室",
        "entitled": "33", "present": "27", "chaired_by": "村支书", "matching_read": "yes", "posted": "yes",
        "notice_place": "村务公开栏", "notice_from": held.isoformat(), "only_allowed": "yes", "ended": "no",
        "n_rows": str(len(appraised)),
    }  # fmt: skip
    votes = (("24", "1", "2", "identify"), ("21", "4", "2", "identify"), ("11", "13", "3", "identify"))
    for row, (household, (yes, no, abstained, matter)) in enumerate(zip(appraised, votes, strict=False), 1):
        told = {
            "who": household.id, "matter": matter, "category": "at_risk_marginal", "kin": "no", "recused": "0",
            "votes_for": yes, "votes_against": no, "votes_abstain": abstained, "objection": "none",
            "opinions": "大家说了家里的收入和支出，有人补充了病情以外的困难。",
        }  # fmt: skip
        story |= {f"{name}[{row}]": text for name, text in told.items()}
    return story


def _notice(appraised: Sequence[Household], posted: date) -> dict[str, str]:
    story = {
        "village": appraised[0].village, "stage": "notice", "notice_place": "村务公开栏",
        "notice_from": posted.isoformat(), "only_allowed": "yes", "ended": "yes",
        "notice_to": (posted + timedelta(days=NOTICE)).isoformat(), "n_rows": str(len(appraised)),
    }  # fmt: skip
    for row, household in enumerate(appraised, 1):
        story |= {f"who[{row}]": household.id, f"objection[{row}]": "none"}
    return story
