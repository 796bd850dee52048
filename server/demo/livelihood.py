"""Income of a quarter, risk clues, measures and tries to reach a household: stories of the demo county. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from random import Random

from server.demo.homes import FOLLOWED, Household
from server.demo.seed import days_before, dice
from server.demo.works import CHINA, Work, work

CLUES = (
    ("illness", "cadre", "户主住院做手术，自己出了不少钱，秋收也耽误了。", "18600", "to_identify"),
    ("unstable_job", "self_report", "工厂停工，两个人都回了家，两个月没有收入。", "0", "open"),
    ("disaster", "grid", "上周大风掀了半边屋顶，粮食受潮。", "3200", "open"),
    ("schooling", "dept_alert", "两个孩子同时上大学，部门比对发现支出偏高。", "0", "relief_only"),
    ("accident", "relief_platform", "骑车摔伤，骨折，正在治疗。", "9400", "open"),
    ("no_labour", "cadre", "儿子因病不能干活，家里没有劳动力了。", "5200", "to_identify"),
)
MEASURES = {
    "industry": ("农业农村局", "送去猪仔两头和饲料，教了防疫。", "1600"),
    "employment": ("人社局", "介绍到镇上服装厂，已上班一个月。", "0"),
    "public_post": ("村委会", "安排保洁公益岗，每月按时发放。", "2400"),
    "education": ("教育局", "办好了助学资助，学校已公示名单。", "1250"),
    "health": ("卫生院", "签约家庭医生上门量血压、送药。", "300"),
    "housing": ("住建局", "危房改造已打好地基，正在砌墙。", "14000"),
    "water": ("水务局", "接通了自来水，水龙头装到院里。", "800"),
    "finance": ("信用社", "办了小额信贷，用来买牛。", "0"),
    "social_security": ("民政办", "低保金按月打卡。", "3900"),
    "donation": ("对口单位", "送来过冬棉被两床。", "400"),
}


def plan_livelihood(households: Sequence[Household], today: date) -> Iterator[Work]:
    """For the households that are followed first; each kind of form some times."""
    throw = dice("livelihood")
    followed = [one for one in households if one.values["household_category"] in FOLLOWED]
    others = [one for one in households if one not in followed]
    for household in throw.sample(others, min(len(others), 6)) + followed[:8]:
        yield _income(throw, household, today)
    for household, clue in zip(throw.sample(others, min(len(others), len(CLUES))), CLUES, strict=False):
        yield _clue(throw, household, clue, today)
    for household in [one for one in followed if one.values.get("measures")][:10]:
        yield _measures(throw, household, today)
    for k, household in enumerate(throw.sample(others, min(len(others), 4))):
        yield _attempt(throw, household, k, today)


def _income(throw: Random, household: Household, today: date) -> Work:
    """The last whole quarter, member by member."""
    known = household.values
    start, end = last_quarter(today)
    story = {
        "household": household.id, "contact_mode": "in_person", "period_kind": "quarter",
        "income_from": start.isoformat(), "income_to": end.isoformat(), "wage_other": "0",
        "activities": "grain pigs", "grain_income": str(throw.randrange(800, 3600, 100)),
        "grain_cost": str(throw.randrange(200, 800, 50)), "pigs_income": str(throw.randrange(0, 6000, 500)),
        "pigs_cost": str(throw.randrange(0, 1500, 100)), "property_items": "none", "transfer_items": "pension",
        "transfer_pension": str(throw.randrange(300, 900, 30)), "not_income_items": "none",
        **{name: text for row in _wages(household) for name, text in row},
        "difficulties_now": "缺人手，农忙时雇工贵。", "fall_reasons_now": "season",
    }  # fmt: skip
    if known["assistance"] in ("dibao", "tekun"):
        story |= {"transfer_items": f"{known['assistance']} pension", f"transfer_{known['assistance']}": "1350"}
    return work(throw, "quarterly_income", household.lead, household, days_before(today, throw.randint(2, 26)), story)


def _wages(household: Household) -> Iterator[list[tuple[str, str]]]:
    """What each row is told: whether the member earned, and how much. Rows of others are left to the form."""
    for row, member in enumerate(household.members, 1):
        away = member.values.get("works_away") == "yes"
        told = [("w_earned", "yes" if away else "no")]
        if away:
            months = min(3, int(member.values["work_months"]))
            told += [("w_kind", "away"), ("w_place", member.values["work_place"]), ("w_months", str(months)),
                     ("w_monthly", member.values["monthly_wage"])]  # fmt: skip
        yield [(f"{name}[{row}]", text) for name, text in told]


def last_quarter(today: date) -> tuple[date, date]:
    """First and last day of the last quarter that is over."""
    first = date(today.year, (today.month - 1) // 3 * 3 + 1, 1)
    end = first - timedelta(days=1)
    return date(end.year, (end.month - 1) // 3 * 3 + 1, 1), end


def _clue(throw: Random, household: Household, clue: tuple[str, str, str, str, str], today: date) -> Work:
    risk, source, text, paid, state = clue
    day = days_before(today, throw.randint(1, 13))
    story = {
        "household": household.id, "contact_mode": "in_person", "source": source,
        "discovered_on": days_before(day, throw.randint(0, 2)).isoformat(), "risks": risk, "description": text,
        "urgency": "urgent" if risk in ("disaster", "accident") else "normal", "eligible_out_of_pocket": paid,
        "schooling_spending": "16000" if risk == "schooling" else "0",
        "disaster_loss": "6500" if risk == "disaster" else "0", "claims_received": "0",
        "assets": household.values["assets"], "burdens": "schooling" if risk == "schooling" else "medical",
        "exclusions": "none", "net_income": household.values["net_income"],
        "people": household.values["household_size"], "can_cope": "no" if state == "to_identify" else "yes",
        "match_consent": "signed", "clue_state": state, "state_note_now": "已转临时救助，继续关注。",
    }  # fmt: skip
    return work(throw, "risk_clue", household.lead, household, day, story, photos=1)


def _measures(throw: Random, household: Household, today: date) -> Work:
    """One row for each measure of the household."""
    kinds = household.values["measures"].split()
    day = days_before(today, throw.randint(2, 27))
    story = {"household": household.id, "contact_mode": "in_person", "n_new": str(len(kinds))}
    for row, kind in enumerate(kinds, 1):
        unit, done, amount = MEASURES[kind]
        is_done = throw.random() < 0.3
        started = days_before(day, throw.randint(30, 200))
        told = {
            "kind": kind, "in_charge": unit, "measure_state": "done" if is_done else "under_way",
            "started_now": started.isoformat(), "amount_now": amount, "done_now": done,
            "ended_now": days_before(day, 3).isoformat(), "result": "住户认可，能看到变化。",
        }  # fmt: skip
        story |= {f"{name}[{row}]": text for name, text in told.items()}
    return work(throw, "measures_log", household.lead, household, day, story, photos=1)


def _attempt(throw: Random, household: Household, k: int, today: date) -> Work:
    """A closed door, or a whole household that is away."""
    day = days_before(today, throw.randint(1, 20))
    at = datetime.combine(day, time(9 + k, 10), CHINA)
    story = {
        "household": household.id, "contact_mode": "in_person", "attempt_at": at.isoformat(timespec="milliseconds"),
        "disposition": "all_away" if k % 2 else "nobody", "informant": "neighbour", "away_reason_now": "work",
        "away_place_now": "浙江宁波", "phone_works": "yes",
        "next_attempt_now": (at + timedelta(days=2)).isoformat(timespec="milliseconds"),
    }  # fmt: skip
    made = work(throw, "contact_attempt", household.lead, household, day, story, photos=1)
    return replace(made, started=at + timedelta(minutes=2), ended=at + timedelta(minutes=7))
