"""What every form of form_definitions keeps, whoever wrote it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import pytest
from lxml import etree

from server.forms.model import FormModel, Question
from tests.forms.case_files import CASES, read_cases
from tests.forms.samples import DEFINITIONS, compiled, datasets, policies

ROOT = DEFINITIONS.parent
FORMS = sorted(path.name for path in (DEFINITIONS / "forms").iterdir() if path.is_dir())
RUHU = "{https://ruhu.example/xforms}"
HAN = re.compile(r"[\u4e00-\u9fff]")
PURPOSES = {
    "visit", "income", "housing", "water", "toilet", "clue", "measure", "appraisal", "satisfaction", "inspection",
    "back_check", "rectification", "contact",
}  # fmt: skip
ROLES = {"cadre", "supervisor", "inspector", "admin"}
# A try that found nobody has nobody to tell.
WITHOUT_NOTICE = {"contact_attempt"}
# A meeting is told what is decided; it signs the attendance sheet.
OWN_NOTICE = {"democratic_appraisal"}
INSPECTING = {"spot_check", "phone_back_check", "rectification_check", "satisfaction"}
BLIND = {"spot_check", "satisfaction"}
FRAME = {"name", "label", "region"}
# Properties that hold a verdict, when the form computes them.
VERDICTS = {
    "house_grade", "screened_grade", "appraised_grade", "water_verdict", "income_verdict", "sanitary_toilet", "result",
    "notice_state", "heavy_burden", "due_on",
}  # fmt: skip


def model(form: str) -> FormModel:
    return FormModel.from_xform(compiled(form).xform)


def asked(form: str) -> list[Question]:
    return [question for question in model(form).questions if question.type != "calculate"]


def expressions(form: str) -> Iterator[str]:
    """Every relevance, constraint, requirement, calculation and filter of a form."""
    root = etree.fromstring(compiled(form).xform.encode())
    for node in root.iter():
        yield from (
            str(node.get(name)) for name in ("relevant", "constraint", "required", "calculate") if node.get(name)
        )
        yield from (str(value) for value in (node.get("value"), node.get("nodeset")) if value and "[" in value)


def notice(form: str) -> dict[str, Question]:
    return {question.name: question for question in model(form).questions if question.path.startswith("/data/notice/")}


def bare(question: Question) -> tuple[object, ...]:
    """What a reader sees and must answer, whatever the form's other words."""
    return (question.type, question.labels, question.hints, question.required, question.relevant, question.choices,
            question.slot, question.sensitivity)  # fmt: skip


@pytest.mark.parametrize("form", FORMS)
def test_every_form_says_what_it_is_about_and_for_whom(form: str) -> None:
    settings = model(form).settings
    assert settings["about"] in ("household", "region") and settings["purpose"] in PURPOSES
    assert set(settings.get("roles", "").split()) <= ROLES


@pytest.mark.parametrize("form", [form for form in FORMS if form not in WITHOUT_NOTICE | OWN_NOTICE])
def test_every_form_opens_with_the_common_notice(form: str) -> None:
    """One wording, copied: only who comes, and why, differs between a visit and an inspection."""
    common, own = notice("household_visit"), notice(form)
    assert list(own) == list(common)
    free = {"notice_text", "notice_version"} if form in INSPECTING else set()
    for name in common.keys() - free:
        assert bare(own[name]) == bare(common[name]), name
    assert own["notice_version"].calculate is not None


def test_a_notice_of_one_version_has_one_wording() -> None:
    wordings: dict[str, set[str]] = {}
    for form in FORMS:
        found = notice(form)
        if found:
            version = found["notice_version"].calculate or ""
            wordings.setdefault(version, set()).add(json.dumps(found["notice_text"].labels, ensure_ascii=False))
    assert len(wordings) == 3
    assert all(len(texts) == 1 for texts in wordings.values())


@pytest.mark.parametrize("form", FORMS)
def test_every_visible_text_is_chinese_and_english(form: str) -> None:
    root = etree.fromstring(compiled(form).xform.encode())
    texts: dict[str, dict[str, str]] = {}
    for translation in root.iter("{*}translation"):
        language = "zh" if "zh" in translation.get("lang") else "en"
        for text in translation.iter("{*}text"):
            texts.setdefault(text.get("id"), {})[language] = _words(text)
    # A code such as GB 50292 reads the same in both; so do numbers.
    wordless = [
        one for one in texts if not HAN.search(texts[one].get("zh", "")) and HAN.search(texts[one].get("en", ""))
    ]
    assert not wordless
    for key, words in texts.items():
        assert words.get("zh") and words.get("en"), key
        assert "-" not in (words["zh"], words["en"]), f"{key} has no text in one language"
        assert not HAN.search(words["en"]), key
    unlabelled = [
        question.path for question in asked(form) if question.type != "note" and not question.labels.get("zh")
    ]
    assert not [path for path in unlabelled if not path.endswith(("/start", "/end"))]


def _words(text: etree._Element) -> str:
    """The text; an answer that is shown in it counts as a word."""
    return "".join("…" if part.tag.endswith("output") else part.text or "" for part in text.iter()).strip() or "".join(
        text.itertext()
    )


@pytest.mark.parametrize("form", FORMS)
def test_every_photo_has_a_slot_with_a_name_and_a_prompt(form: str) -> None:
    names = [json.loads((ROOT / f"client/src/lib/i18n/{one}.json").read_text())["slot"] for one in ("zh", "en")]
    for question in asked(form):
        if question.type == "image":
            assert question.slot and all(question.slot in one for one in names), (question.path, question.slot)
            assert question.hints.get("zh") and question.hints.get("en"), question.path


@pytest.mark.parametrize("form", FORMS)
def test_a_form_offers_few_photos(form: str) -> None:
    """Photos only where a standard asks: those that every household is asked for are few; signatures are none."""
    photos = [
        one
        for one in asked(form)
        if one.type == "image" and one.relevant is None and "signature" not in (one.slot or "")
    ]
    assert len(photos) <= 6


@pytest.mark.parametrize("form", FORMS)
def test_free_text_about_people_is_marked(form: str) -> None:
    """Free text is not shown to everybody: what is no property of a record says how sensitive it is."""
    unmarked = [
        one.path for one in asked(form)
        if one.type == "string" and not one.save_to and not one.sensitivity and one.choice_file is None
    ]  # fmt: skip
    saved_elsewhere = {name for name in unmarked if _copied(form, name)}
    assert not set(unmarked) - saved_elsewhere


def _copied(form: str, path: str) -> bool:
    """A calculate with save_to takes the text over: then the property says it."""
    leaf = path.rpartition("/")[2]
    return any(one.save_to and leaf in (one.calculate or "") for one in model(form).questions)


def _thresholds(form: str) -> dict[str, str]:
    """Each number that a policy of this form sets (2 and more: 0 and 1 count, they do not judge) and which it is."""
    names = re.findall(r"jr://file-csv/policy_(\w+)\.csv", compiled(form).xform)
    return {
        text: f"{name}.{value}"
        for name in names
        for version in policies()[name].versions
        for value, text in version.values.items()
        if policies()[name].values[value].type != "text" and float(text) >= 2
    }


# ". <= 366" keeps out what cannot be; it judges nothing.
_BOUNDS = re.compile(r"(?<![\w.)])\.\s*[<>]=?\s*[\d.]+")
# Ages and the length of a year judge nobody: who may be at school, whether a period is about twelve months.
_CALENDAR = re.compile(r"(?:age|income_days)\s*[<>]=?\s*\d+")


@pytest.mark.parametrize("form", FORMS)
def test_no_threshold_of_a_policy_stands_in_a_form(form: str) -> None:
    known = _thresholds(form)
    for expression in expressions(form):
        judged = _CALENDAR.sub("", _BOUNDS.sub("", expression))
        for number in re.findall(r"[<>]=?\s*(\d+(?:\.\d+)?)(?![\d.])", judged):
            assert number not in known, f"{known.get(number)} is written into: {expression}"
    for question in asked(form):
        if question.type == "note":
            continue
        for number in re.findall(
            r"(?<![\d.])(\d+(?:\.\d+)?)\s*(?:升|元|米|分钟|小时|天|%|％)", question.labels.get("zh", "")
        ):
            assert number not in known, f"{known.get(number)} is written into the text of {question.path}"


@pytest.mark.parametrize("form", FORMS)
def test_a_computed_verdict_names_its_policy(form: str) -> None:
    """Whoever reads the result later sees which rule was in force, and from when."""
    verdicts = [
        one for one in model(form).questions if one.type == "calculate" and one.save_to and one.save_to[1] in VERDICTS
    ]
    if verdicts:
        named = re.compile(r"instance\('policy_\w+'\)/root/item\[[^\]]*\]/(name|label|rule_zh|valid_from)")
        assert any(named.search(text) for text in expressions(form)), [one.path for one in verdicts]


@pytest.mark.parametrize("form", FORMS)
def test_the_day_that_picks_a_policy_is_rounded(form: str) -> None:
    """East of Greenwich ODK Collect counts a date as a part of the day before: int() picks yesterday's rule."""
    text = " ".join(expressions(form))
    days = set(re.findall(r"from_day\s*<=\s*(?:current\(\)/)?[\w./]*?(\w+)\s+and", text))
    for question in model(form).questions:
        if question.name in days:
            assert question.calculate and "round(decimal-date-time(" in question.calculate, question.path


@pytest.mark.parametrize("form", FORMS)
def test_every_form_has_cases_and_a_whole_one(form: str) -> None:
    assert (CASES / f"{form}.json").exists(), f"tests/forms/cases/{form}.json"
    cases = read_cases(form)
    assert len({case.name for case in cases}) == len(cases)
    assert any(case.complete and not case.violations for case in cases)


@pytest.mark.parametrize("form", sorted(INSPECTING))
def test_an_inspecting_form_writes_no_record(form: str) -> None:
    assert model(form).entities == ()
    assert "cadre" not in model(form).settings["roles"].split()


@pytest.mark.parametrize("form", sorted(BLIND))
def test_a_blind_form_reads_nothing_but_the_frame(form: str) -> None:
    """Nothing on record may lead the answers: only name and village of the household are known to the form."""
    text = compiled(form).xform
    assert set(re.findall(r"jr://file-csv/(\w+)\.csv", text)) <= {"household", "policy_housing"}
    read = re.findall(r"instance\('household'\)/root/item(?:\[[^\]]*\])?/([\w]+)", text)
    assert set(read) <= FRAME


@pytest.mark.parametrize("form", FORMS)
def test_the_page_about_forms_tells_whom_each_form_is_for_and_what_it_writes(form: str) -> None:
    page = (DEFINITIONS.parent / "docs" / "FORMS.md").read_text("utf-8")
    (row,) = re.findall(rf"^\| `{form}` \| (.*) \| (.*); (.*) \| (.*) \|$", page, re.MULTILINE)
    name, about, roles, writes = row
    found = model(form)
    assert name == compiled(form).names["zh"]
    assert about == {"household": "household", "region": "village"}[found.settings["about"]]
    wanted = found.settings.get("roles", "").split()
    assert set(roles.split(", ")) == set(wanted) or f"`{found.settings.get('qualification')}`" in roles
    assert {one.dataset for one in found.entities} == set(writes.partition(";")[0].split(", ")) - {"nothing"}


def test_what_an_answer_is_compared_with_exists_and_can_be_compared() -> None:
    """`bind::ruhu:backcheck` names dataset#property with a back-check class, or a fact of the visit."""
    facts = {"contact_mode", "started_at", "ended_at"}
    seen = 0
    for form in FORMS:
        for bind in etree.fromstring(compiled(form).xform.encode()).iter("{*}bind"):
            target = bind.get(f"{RUHU}backcheck")
            if target is None:
                continue
            seen += 1
            dataset, name = target.split("#")
            if dataset == "visit":
                assert name in facts
            else:
                assert datasets()[dataset].properties[name].backcheck, target
    assert seen > 20
