"""Mutants of what takes in: locks, savepoints, the two transactions, duplicates, rights, quarantine, photos."""

from __future__ import annotations

from tests.mutations.mutant import Edit, mutant

CONNECTING = "server/connecting.py"
DB, PUSH, ROUNDS = "server/db.py", "server/sync/push.py", "server/sync/rounds.py"
SUBMISSION, WRITE, GROUNDS = "server/sync/kinds/submission.py", "server/sync/write.py", "server/sync/grounds.py"
FERRY, RAW, JUDGING = "server/sync/ferry.py", "server/sync/raw.py", "server/sync/judging.py"
NEWS = "server/sync/news.py"
PEOPLE, GUARDS = "sync/test_concurrency_people.py", "sync/test_concurrency_guards.py"
BUGS, MANY = "sync/test_published_bugs_push.py", "sync/test_concurrency.py"
SIDE, FAITH = "sync/test_rounds.py", "sync/test_good_faith.py"
DEATH = "sync/test_database_kill.py"
PG = "postgres"
LOCK = "ask(session, _LOCK, "

TAKING = (
    # Simultaneity
    mutant(
        "records are not locked", JUDGING,
        "return {name for case in cases for name in case.touches}", "return set()",
        f"{MANY}::test_every_op_counts_once_and_no_write_is_lost",
        f"{PEOPLE}::test_batches_that_name_records_in_opposite_order_wait_for_each_other",
        f"{PEOPLE}::test_phones_that_write_records_of_their_own_never_disturb_each_other", database=PG,
    ),
    mutant(
        "names are locked in any order", DB, LOCK + '{"keys": sorted(keys)}',
        LOCK + '{"keys": random.sample(sorted(keys), len(keys))}',
        f"{GUARDS}::test_names_are_locked_in_one_order", database=PG,
    ),
    mutant(
        "the install is not locked", PUSH,
        '{of_install(install_id)} if install_id else set()', "set[str]()",
        f"{GUARDS}::test_the_acknowledgement_of_one_install_never_goes_back", database=PG,
    ),
    mutant(
        "the op is not locked", PUSH, '{of_op(op_id) for op in ops for op_id in names_of(op)}', "set[str]()",
        f"{GUARDS}::test_one_op_that_two_installs_of_a_person_bring_is_judged_once", database=PG,
    ),
    mutant(
        "installs are locked after records where all is locked at once", "server/lock_names.py",
        'f"#install:', 'f"install:',
        f"{FAITH}::test_one_push_in_good_faith_and_one_with_care_never_wait_in_a_circle", database=PG,
    ),
    mutant(
        "what an op waits for is not locked", JUDGING, "    yield from depends_on(op.body)\n", "",
        f"{PEOPLE}::test_an_op_that_arrives_with_what_it_waits_for_is_never_left_waiting", database=PG,
    ),
    mutant(
        "who releases an op locks that one alone", JUDGING,
        "{of_op(op_id) for case in cases for op_id in names_of(case.op)}", "{of_op(case.row.op_id) for case in cases}",
        f"{GUARDS}::test_an_op_that_waits_for_two_is_released_by_the_second_though_the_first_is_just_judged",
        database=PG,
    ),
    mutant(
        "who judges what was left locks that alone", PUSH,
        "{of_op(name) for name in names_of(read_op(json.loads(bytes_of(session, op_id))))}", "{of_op(op_id)}",
        f"{GUARDS}::test_what_a_dead_server_left_sees_what_it_waits_for_though_that_is_just_judged", database=PG,
    ),
    mutant(
        "a released op is not looked at again", JUDGING,
        '[case for case in cases if status_of(session, case.row.op_id) == "held"]', "cases",
        f"{GUARDS}::test_an_op_that_is_released_while_somebody_lets_it_through_is_judged_once", database=PG,
    ),
    mutant(
        "whoever lets an op through does not look again", JUDGING,
        "    if status_of(session, row.op_id) != stored.status:\n", "    if False:\n",
        f"{PEOPLE}::test_a_waiting_op_that_is_let_through_while_its_predecessor_arrives_is_applied_once", database=PG,
    ),
    mutant(
        "a quarantine row is not locked", "server/sync/set_aside.py", ".with_for_update(of=Quarantine)", "",
        f"{PEOPLE}::test_an_op_that_several_let_through_at_once_is_applied_once",
        f"{PEOPLE}::test_an_op_is_either_let_through_or_dismissed", database=PG,
    ),
    mutant(
        "a write begins as a read", CONNECTING, '"BEGIN IMMEDIATE" if writer else "BEGIN"', '"BEGIN"',
        f"{GUARDS}::test_a_write_transaction_is_a_writer_from_its_first_statement",
    ),
    mutant(
        "a write begins as a read, and nobody queues", CONNECTING,
        '"BEGIN IMMEDIATE" if writer else "BEGIN"', '"BEGIN"',
        f"{PEOPLE}::test_phones_that_write_records_of_their_own_never_disturb_each_other",
        also=(Edit(DB, "        fcntl.flock(turn, fcntl.LOCK_EX)\n", ""),),
    ),
    mutant(
        "what the database asks for again is given up", DB, "if attempt == RETRIES - 1 or not try_again(error):",
        "if True:", f"{GUARDS}::test_a_transaction_that_must_run_again_has_left_nothing",
    ),
    # Two transactions, one savepoint an op
    mutant(
        "a full disk is taken for a fault of the op", ROUNDS,
        "            if is_passing(error):\n                raise\n            log_crash",
        "            if db.try_again(error):\n                raise\n            log_crash",
        "sync/test_full_database.py::test_what_finds_no_room_is_refused_whole_and_comes_again",
    ),
    mutant(
        "a full disk counts as a try", PUSH,
        "if is_passing(error) and not error.connection_invalidated:", "if False:",
        "sync/test_full_database.py::test_a_disk_that_stays_full_is_no_try",
    ),
    mutant(
        "a round has no savepoint", ROUNDS,
        "            with db.savepoint(session):\n                return _judge_on_desk(session, [case])[0]",
        "            return _judge_on_desk(session, [case])[0]",
        f"{BUGS}::test_what_a_batch_acknowledged_is_stored_although_a_neighbour_broke_the_database",
        "sync/test_push.py::test_a_judging_that_crashes_sets_the_op_aside_and_spares_the_rest", database=PG,
    ),
    mutant(
        "ops of one record are judged side by side", ROUNDS, "alone or not named.isdisjoint(own)", "alone",
        f"{SIDE}::test_a_record_is_made_and_changed_in_one_batch",
    ),
    mutant(
        "a round with a poisoned op is not undone", ROUNDS,
        "        with db.savepoint(session):\n            return _judge_on_desk(session, cases)\n",
        "        if True:\n            return _judge_on_desk(session, cases)\n",
        f"{SIDE}::test_a_poisoned_op_is_set_aside_and_its_neighbours_are_applied",
    ),
    mutant(
        "all of a round is told at once", NEWS, "if len(outcomes) > 1 and any(", "if False and any(",
        f"{SIDE}::test_a_household_that_moves_leaves_the_old_village_after_all_that_was_told_before",
        "sync/test_groups_and_moves.py::test_who_stays_behind_when_the_household_moves_is_not_told_where_it_went",
    ),
    mutant(
        "the desk's rows are forgotten when the database is asked", "server/sync/desk.py",
        "    carry_off(session)\n    return _written", "    return _written",
        f"{SIDE}::test_what_is_not_on_the_desk_is_asked_for_after_what_lies_there_was_written",
    ),
    mutant(
        "who asks the session does not see the desk's records", "server/db.py",
        "            before(self)\n", "            pass\n",
        "sync/test_record_rows.py::test_who_asks_the_session_sees_what_lies_on_the_desk",
    ),
    mutant(
        "a row of an earlier desk is changed", "server/sync/record_rows.py",
        "shelf.rows.get(row.id) is not row", "False",
        "sync/test_record_rows.py::test_a_record_is_changed_on_its_own_desk_alone",
    ),
    mutant(
        "whose area it is does not say who may write a record", "server/sync/scope.py",
        "path.startswith(paths) or", "bool(paths) or",
        "sync/test_record_rows.py::test_a_record_at_hand_is_judged_as_the_clause_judges_it",
    ),
    mutant(
        "good faith does not see what was judged meanwhile", PUSH,
        "    if judged.all():\n        raise JudgedMeanwhileError\n", "",
        f"{FAITH}::test_an_op_that_somebody_judged_meanwhile_is_judged_once",
    ),
    mutant(
        "what failed in good faith is not tried with care", PUSH,
        "unless_it_fails(judge_in_good_faith, \"good faith failed\", len(op_ids))", "judge_in_good_faith()",
        f"{FAITH}::test_what_fails_once_or_twice_is_tried_again_and_leaves_nothing_behind",
    ),
    mutant(
        "raw ops and judging are one transaction", PUSH,
        "answers = db.transact(lambda session: _judge_and_answer(session, parcels, (), left))",
        "answers = db.transact(lambda session: [raw.store_within(session, parcels), "
        "_judge_and_answer(session, parcels, (), left)][1])",
        f"{BUGS}::test_a_batch_whose_judging_cannot_commit_acknowledges_nothing",
        also=(
            Edit(PUSH, "    stored = store_raw(parcels)\n", "    stored = Stored({}, None)\n"),
            Edit(PUSH, "from server.sync import attachments,", "from server.sync import raw, attachments,"),
            Edit(
                RAW, "@cache\ndef _keep(",
                "def store_within(session: Session, parcels: Sequence[Parcel]) -> None:\n"
                "    rows: dict[str, dict[str, Any]] = {}\n"
                "    for parcel in parcels:\n"
                "        _collect(parcel, rows)\n"
                "    db.ask_each(session, _keep(db.speaks_sqlite()), list(rows.values())).all()\n\n\n"
                "@cache\ndef _keep(",
            ),
        ),
    ),
    mutant(
        "no commit waits for the disk", DB, "        _keep_prepared(here, often)\n",
        "        _keep_prepared(here, often)\n        if write:\n            _NOT_YET.send(here, ({},))\n",
        f"{DEATH}::test_what_was_answered_is_there_after_the_database_was_killed", database=PG,
    ),
    mutant(
        "a database that was seen to die is trusted", DB, " or connecting.has_seen_death(db.engine)", "",
        f"{DEATH}::test_after_a_connection_ended_everything_waits_for_the_disk_again", database=PG,
    ),
    mutant(
        "earlier deaths do not count", ROUNDS, "for _ in range(case.row.attempts, TRIES + 1):",
        "for _ in range(TRIES):",
        "sync/test_push_kill.py::test_an_op_whose_judging_kills_the_server_is_set_aside_at_last",
    ),
    mutant(
        "tries are not counted before they begin", PUSH, "        db.transact(partial(count_try, op_id=op_id))\n", "",
        "sync/test_push_kill.py::test_an_op_whose_judging_kills_the_server_is_set_aside_at_last",
    ),
    mutant(
        "one op is twice on one crossing", FERRY, "and not any(one.clashes(other) for other in aboard)", "",
        "sync/test_ferry.py::test_one_op_twice_at_once_crosses_twice_and_counts_once",
    ),
    mutant(
        "a crossing that fails fails all aboard", FERRY, "            if len(aboard) == 1:\n                raise\n",
        "            raise\n",
        "sync/test_ferry.py::test_when_a_crossing_fails_each_push_crosses_alone_and_only_the_guilty_one_is_refused",
    ),
    # Duplicates
    mutant(
        "an op id with other content is a repetition", "server/sync/results.py",
        "row.person_id != actor.id or row.content_hash != op.content_hash", "row.person_id != actor.id",
        "sync/test_push.py::test_an_op_id_with_other_content_is_kept_aside",
    ),
    mutant(
        "an instance id with other content is a repetition", SUBMISSION,
        "first.xml_hash != xml_hash or first.person_id", "first.person_id",
        "sync/test_push.py::test_an_instance_id_with_other_content_is_kept_aside_and_the_first_stands",
    ),
    mutant(
        "acknowledged beyond a gap", "server/sync/acks.py", "if place == seq", "if True",
        "sync/test_push.py::test_a_gap_in_the_numbers_holds_only_the_acknowledgement",
    ),
    # Rights
    mutant(
        "foreign records may be written", WRITE, "(record, may_write(path, helper is not None))", "(record, True)",
        "sync/test_push.py::test_foreign_and_unknown_records_are_kept_with_the_same_reason",
    ),
    mutant(
        "a household may be sent anywhere", WRITE, "if _leaves_the_area(", "if False and _leaves_the_area(",
        "sync/test_push_hostile.py::test_a_household_is_not_sent_into_a_village_where_its_author_may_not_write",
    ),
    mutant(
        "a revoked phone is believed", SUBMISSION, "if case.actor.revoked:", "if False:",
        "sync/test_push.py::test_a_revoked_phone_hands_over_into_quarantine",
    ),
    mutant(
        "an op of somebody else counts as what came before", GROUNDS,
        "OpLog.person_id == case.row.person_id, OpLog.status", "OpLog.status",
        "sync/test_guards.py::test_an_op_waits_for_its_author_s_own_ops_only",
    ),
    mutant(
        "held ops are not released", JUDGING, "        queue += _released(session, judged, rows)\n", "",
        "sync/test_push.py::test_an_op_waits_for_what_it_depends_on",
    ),
    mutant(
        "everybody's quarantine is shown", "server/sync/set_aside.py",
        "below = in_regions(actor, DECIDERS, region)", "below = region.is_not(None)",
        "sync/test_guards.py::test_what_was_set_aside_elsewhere_is_nobody_s_business",
    ),
    # Photos
    mutant(
        "whoever knows a hash may bind the bytes", "server/sync/attachments.py",
        "select(BlobHolder.sha256).where(BlobHolder.person_id == actor.id, ", "select(BlobHolder.sha256).where(",
        "sync/test_attachments.py::test_a_foreign_hash_stays_missing_whatever_the_store_holds",
    ),
    # The line to PostgreSQL
    mutant(
        "others overtake what waits on the line", "server/line.py", "        cursor.connection.catch_up()\n",
        "        pass\n",
        "test_line.py::test_nobody_overtakes_what_waits", database=PG,
    ),
    mutant(
        "a savepoint ends before what was sent within it", DB, "            catch_up(here)\n", "",
        "test_line.py::test_what_fails_within_a_savepoint_is_undone_with_it", database=PG,
    ),
    mutant(
        "a transaction that failed is committed", "server/line.py",
        "if self.pgconn.transaction_status == TransactionStatus.INERROR:", "if False:",
        "test_line.py::test_who_overlooks_a_failure_cannot_commit", database=PG,
    ),
    mutant(
        "what was rolled back is sent after all", "server/line.py", "        self._waiting.clear()\n", "",
        "test_line.py::test_what_waits_is_gone_with_the_rollback", database=PG,
    ),
    mutant(
        "followers come and go while news are told", "server/sync/followers.py",
        "    lock_shared(session, {of_followers(root) for root in roots})\n", "",
        "sync/test_followers.py::test_a_helper_who_comes_while_a_visit_is_written_sees_what_it_wrote", database=PG,
    ),
)
