"""Every action that the server writes into the audit is listed here, is taken by a test, and has words at the desk."""

from __future__ import annotations

import json
import re

import pytest

from tests.accounts.audited import ACTION, ROOT, calls, families, written

CONSOLE = ROOT / "client" / "src" / "console" / "audit"

# Actions, and a test that takes the way on which each is written ("" where none does: written down as untried).
LISTED: dict[str, str] = {
    "answers.read": "accounts/test_audit_reading.py::test_what_a_desk_does_is_answerable",
    "audit.exported": "accounts/test_audit_reading.py::test_an_export_of_the_audit_is_itself_an_entry",
    "auth.signed_in": "accounts/test_sign_in.py::test_a_forgotten_pin_is_recovered_by_the_same_install_only_and_recorded",  # noqa: E501
    "conflict.resolved": "sync/test_preview.py::test_a_decision_is_taken_back_and_both_values_stand_again",
    "conflict.undone": "sync/test_preview.py::test_a_decision_is_taken_back_and_both_values_stand_again",
    "courier.carried": "sync/test_courier.py::test_every_carried_file_leaves_an_audit_entry",
    "datum_doubt.word": "sync/test_datum_doubts.py::test_only_those_who_look_after_the_area_see_it_and_say_what_came_of_it",  # noqa: E501
    "device.revoked": "api/test_openrosa_door.py::test_a_revoked_device_hands_over_but_gets_nothing",
    "draft.read": "sync/test_words.py::test_a_draft_is_kept_for_its_author_and_for_whoever_takes_over",
    "enrolment.issued": "accounts/test_enrolments.py::test_withdrawing_ends_an_unused_code",
    "enrolment.used": "accounts/test_enrolments.py::test_a_code_signs_its_person_in_on_this_phone",
    "enrolment.withdrawn": "accounts/test_enrolments.py::test_withdrawing_ends_an_unused_code",
    "export.asked": "reports/test_photo_bundle.py::test_who_may_and_that_it_is_noted_with_its_reason",
    "export.downloaded": "reports/test_photo_bundle.py::test_who_may_and_that_it_is_noted_with_its_reason",
    "export.written": "reports/test_photo_bundle.py::test_who_may_and_that_it_is_noted_with_its_reason",
    "features.read": "api/test_ogc.py::test_reading_much_is_noted",
    "feedback.read": "sync/test_feedback.py::test_reading_it_is_noted_and_the_first_reader_stands",
    "finding.accept": "inspection/test_findings.py::test_a_step_sent_again_is_taken_once",
    "finding.admit_late": "inspection/test_findings.py::test_the_office_admits_a_late_appeal_with_its_reason",
    "finding.appeal": "inspection/test_findings.py::test_a_step_sent_again_is_taken_once",
    "finding.claim": "inspection/test_findings.py::test_the_opener_does_not_close_what_the_opener_opened",
    "finding.close": "inspection/test_findings.py::test_the_opener_does_not_close_what_the_opener_opened",
    "finding.opened": "inspection/test_findings.py::test_a_step_sent_again_is_taken_once",
    "finding.order": "inspection/test_findings.py::test_the_opener_does_not_close_what_the_opener_opened",
    "finding.refused": "inspection/test_findings.py::test_a_step_sent_again_is_taken_once",
    "finding.reopen": "inspection/test_findings.py::test_the_opener_does_not_close_what_the_opener_opened",
    "finding.return": "inspection/test_findings.py::test_only_a_later_check_on_the_spot_that_says_so_verifies",
    "finding.similar": "inspection/test_findings.py::test_similar_cases_of_the_township_are_counted_first_and_then_assigned_once",  # noqa: E501
    "finding.uphold": "inspection/test_findings.py::test_a_finding_goes_from_its_opening_over_an_appeal_to_its_closing",
    "finding.verify": "inspection/test_findings.py::test_the_opener_does_not_close_what_the_opener_opened",
    "finding.withdraw": "inspection/test_findings.py::test_of_two_steps_at_one_moment_the_second_is_told_that_the_finding_has_moved",  # noqa: E501
    "form.added": "forms/test_form_life.py::test_a_version_starts_on_its_day",
    "form.previewers": "forms/test_form_life.py::test_a_draft_is_opened_by_its_author_and_by_those_who_were_named",
    "form.published": "forms/test_form_life.py::test_a_version_starts_on_its_day",
    "form.retired": "forms/test_form_life.py::test_a_phone_that_was_away_for_weeks_still_sends_the_old_version",
    "held.applied": "sync/test_set_aside.py::test_a_held_op_is_listed_and_let_through",
    "held.dismissed": "sync/test_set_aside.py::test_a_held_op_is_dismissed_and_kept",
    "household.assigned": "inspection/test_field_work.py::test_closing_takes_back_what_is_still_out",
    "household.assignment_withdrawn": "inspection/test_field_work.py::test_closing_takes_back_what_is_still_out",
    "household.lent": "sync/test_loans.py::test_a_loan_opens_no_other_door",
    "household.loan_ended": "sync/test_loans.py::test_a_loan_that_ends_leaves_the_phone",
    "inspection.closed": "inspection/test_field_work.py::test_closing_takes_back_what_is_still_out",
    "inspection.committed": "inspection/test_inspection_draw.py::test_two_make_a_seed_that_neither_could_choose",
    "inspection.comparison_read": "inspection/test_findings.py::test_a_cleaning_rule_and_a_discrepancy_are_each_opened_once",  # noqa: E501
    "inspection.drawn": "inspection/test_field_work.py::test_closing_takes_back_what_is_still_out",
    "inspection.frozen": "inspection/test_inspection_draw.py::test_too_few_digits_draw_nothing",
    "inspection.given_up": "inspection/test_field_work.py::test_two_who_replace_at_once_take_one_reserve",
    "inspection.number_shown": "inspection/test_field_work.py::test_a_number_is_lent_masked_and_shown_once_to_who_is_to_call",  # noqa: E501
    "inspection.opened": "inspection/test_field_work.py::test_closing_takes_back_what_is_still_out",
    "inspection.peeked": "sync/test_loans.py::test_a_loan_opens_no_other_door",
    "inspection.plan_changed": "inspection/test_inspection_draw.py::test_planning_twice_with_one_id_plans_once_and_other_content_is_refused",  # noqa: E501
    "inspection.planned": "inspection/test_inspection_draw.py::test_too_few_digits_draw_nothing",
    "inspection.refused": "inspection/test_field_work.py::test_closing_takes_back_what_is_still_out",
    "inspection.replaced": "inspection/test_field_work.py::test_two_who_replace_at_once_take_one_reserve",
    "inspection.revealed": "inspection/test_inspection_draw.py::test_two_make_a_seed_that_neither_could_choose",
    "inspection.task_sent": "inspection/test_field_work.py::test_closing_takes_back_what_is_still_out",
    "inspection.team_set": "inspection/test_field_work.py::test_a_team_has_inspectors_alone_and_sends_its_own",
    "key.recovered": "accounts/test_sign_in.py::test_a_forgotten_pin_is_recovered_by_the_same_install_only_and_recorded",  # noqa: E501
    "openrosa_token.issued": "forms/test_form_life.py::test_a_version_starts_on_its_day",
    "openrosa_token.revoked": "api/test_openrosa_door.py::test_issue_and_withdrawal_are_audited_without_the_token",
    "password.changed": "accounts/test_sign_in.py::test_a_new_password_signs_out_everywhere_else",
    "patterns.read": "inspection/test_pattern_reading.py::test_a_quick_visit_is_pointed_at_and_nobody_is_named",
    "photo.ask": "evidence/test_queue.py::test_a_question_reaches_the_author_and_the_answer_brings_the_photo_back",
    "photo.confirmed": "inspection/test_findings.py::test_a_photo_leads_to_a_finding_once_its_reason_was_confirmed",
    "photo.explained": "evidence/test_queue.py::test_a_verdict_takes_the_photo_off_the_queue_and_is_kept",
    "photo.original_read": "evidence/test_photos.py::test_a_photo_is_derived_and_shown_in_three_sizes",
    "photo.unclear": "evidence/test_queue.py::test_a_verdict_takes_the_photo_off_the_queue_and_is_kept",
    "place.corrected": "sync/test_places.py::test_a_wrong_pin_is_corrected_by_a_person_with_a_reason",
    "place.manual_pin": "sync/test_set_aside.py::test_a_pin_and_a_try_from_a_history_that_is_no_longer_ours_are_let_through",  # noqa: E501
    "place.suggested": "sync/test_places.py::test_a_place_is_suggested_from_good_fixes_and_a_person_accepts_it",
    "policy.loaded": "inspection/test_inspection_draw.py::test_too_few_digits_draw_nothing",
    "policy.proposed": "policies/test_policy_changes.py::test_what_is_scheduled_holds_from_its_day_in_its_area_and_the_past_stands",  # noqa: E501
    "policy.scheduled": "policies/test_policy_changes.py::test_what_is_scheduled_holds_from_its_day_in_its_area_and_the_past_stands",  # noqa: E501
    "policy.withdrawn": "policies/test_policy_changes.py::test_phones_hear_of_what_is_scheduled_and_of_what_is_taken_back",  # noqa: E501
    "qualification.added": "accounts/test_qualifications.py::test_entering_it_again_is_harmless_and_other_content_is_refused",  # noqa: E501
    "qualification.ended": "accounts/test_qualifications.py::test_it_is_ended_with_a_last_day_or_withdrawn_as_never_right",  # noqa: E501
    "qualification.withdrawn": "accounts/test_qualifications.py::test_it_is_ended_with_a_last_day_or_withdrawn_as_never_right",  # noqa: E501
    "quarantine.applied": "sync/test_set_aside.py::test_applying_twice_is_told_once",
    "quarantine.dismissed": "sync/test_set_aside.py::test_who_dismissed_and_why_stays_with_the_row",
    "quarantine.read": "sync/test_set_aside.py::test_who_dismissed_and_why_stays_with_the_row",
    "record.revealed": "api/test_households.py::test_a_masked_value_is_shown_for_a_reason_and_written_down",
    "region.change_withdrawn": "accounts/test_areas_desk.py::test_a_change_of_a_day_to_come_waits_for_it_and_can_be_withdrawn",  # noqa: E501
    "region.import": "accounts/test_areas_desk.py::test_repairs_of_boundaries_are_told",
    "region.moved": "accounts/test_areas_desk.py::test_a_village_moves_with_its_households_and_feeds",
    "region.renamed": "accounts/test_areas_desk.py::test_sending_a_change_again_makes_it_once",
    "register.applied": "imports/test_register.py::test_who_imported_what_is_kept",
    "register.asked": "imports/test_register.py::test_who_imported_what_is_kept",
    "register.refused_read": "imports/test_register_api.py::test_refused_and_vanished_rows_come_as_csv",
    "register.vanished_read": "imports/test_register_api.py::test_refused_and_vanished_rows_come_as_csv",
    "submission.approved": "accounts/test_audit_reading.py::test_what_a_desk_does_is_answerable",
    "submission.asked": "accounts/test_audit_chain.py::test_entries_after_a_meddling_do_not_heal_it",
    "submission.has_issues": "sync/test_review.py::test_taking_a_rejection_back_puts_the_values_where_they_were",
    "submission.question_closed": "sync/test_questions.py::test_a_question_is_closed_without_an_answer_for_a_reason",
    "submission.rejected": "sync/test_preview.py::test_a_rejection_that_would_open_a_conflict_says_so",
    "user.add": "test_commands_regions_people.py::test_a_person_is_added_and_can_sign_in",
    "user.household_given": "accounts/test_audit_reading.py::test_what_a_desk_does_is_answerable",
    "user.household_taken": "accounts/test_audit_reading.py::test_what_a_desk_does_is_answerable",
    "user.invited": "accounts/test_people.py::test_a_person_is_invited_with_roles_and_begins_with_a_code",
    "user.left": "accounts/test_people.py::test_nobody_leaves_with_households_and_who_left_may_only_hand_over",
    "user.passwd": "test_commands_regions_people.py::test_a_new_password_replaces_the_old_one_and_signs_out",
    "user.password_reset": "accounts/test_people.py::test_a_new_password_is_shown_once_and_signs_out_everywhere",
    "user.returned": "accounts/test_people.py::test_nobody_leaves_with_households_and_who_left_may_only_hand_over",
    "user.role_given": "accounts/test_apart.py::test_the_county_alone_makes_and_unmakes_inspectors",
    "user.role_taken": "accounts/test_apart.py::test_who_gave_up_the_other_right_is_made_an_inspector_once",
}


def test_the_list_holds_every_action_that_is_written_and_no_other() -> None:
    """A new `note(…)` is to be listed, tried and given words; one that went is to leave the list."""
    assert written() == set(LISTED)


def test_no_call_hides_what_it_writes() -> None:
    """Each call names its action, or a family that is spelled out."""
    hidden = [one.where for one in calls() if not one.actions]
    unknown = [
        one for one in calls() if not all(ACTION.fullmatch(name) or name in families() for name in one.actions)
    ]
    assert hidden == [] and unknown == []


@pytest.mark.parametrize("action", sorted(action for action, test in LISTED.items() if test))
def test_the_named_test_is_there(action: str) -> None:
    path, name = LISTED[action].split("::")
    assert re.search(rf"^def {name}\(", (ROOT / "tests" / path).read_text("utf-8"), re.MULTILINE)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_desk_has_words_for_every_action_and_its_kind(language: str) -> None:
    """Without them the audit's page shows a code."""
    words = json.loads((CONSOLE / f"{language}.json").read_text("utf-8"))["audit"]
    assert {action.replace(".", "_") for action in LISTED} == set(words["action"])
    named = set(re.findall(r'"(\w+)"', re.search(r"KINDS = \[(.*?)\]", (CONSOLE / "wire.ts").read_text("utf-8"))[1]))  # type: ignore[index]
    assert {action.split(".")[0] for action in LISTED} == named == set(words["kinds"])
    assert all(words["action"].values()) and all(words["kinds"].values())
