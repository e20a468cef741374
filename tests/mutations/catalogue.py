"""Mutations of the engine, each with the tests that must notice it.

A mutation takes one promise out of the source. Where no test fails then, the promise was not kept
by anything. `docs/reliability.md` lists them from here.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Mutation:
    """One small change of the source.

    Attributes:
        name: What the changed qsync does wrong, in a few words.
        file: The module below `qsync/`.
        old: The text replaced; it is there exactly once.
        new: What stands there instead.
        tests: The tests that must fail by assertion, all of them, as pytest names them.
        quick: Whether it is tried in every run of the tests, not in the slow ones only.
    """

    name: str
    file: str
    old: str
    new: str
    tests: tuple[str, ...]
    quick: bool = False


_LIFE = "tests/execution/test_chunk_life.py::"
_DELIVER = "tests/execution/test_deliver.py::"
_RECOVERY = "tests/execution/test_recovery.py::"
_JOURNAL = "tests/execution/test_journal.py::"
_RETRY = "tests/qualified/test_retry.py::"
_LOCKING = "tests/execution/test_locking.py::"
_QUOTA = "tests/qualified/test_quota.py::"
_NOTES = "tests/qualified/test_notes.py::"
_ACCOUNTS = "tests/execution/test_accounts.py::"
_LEFT = "tests/warehouse/test_left_behind.py::"
_CHANGES = "tests/warehouse/test_changes.py::"
_RESTING = "tests/warehouse/test_resting.py::"
_SLEEPERS = "tests/simulation/test_sleepers.py::test_who_wakes_up_without_the_lock_changes_nothing"
_LOCK = "tests/warehouse/test_lock.py::"
_ORDER = (
    _LIFE + "test_a_chunk_is_marked_and_intended_before_its_post_and_committed_after_its_results"
)

DURABLE_FIRST = (
    Mutation(
        "a batch is posted without an intent in the journal",
        "execution/sending.py",
        """\
        self._journal.write(
            Step.INTENT, stream=self._stream_id, first=first, last=last, digest=digest
        )
""",
        "        del first, last, digest\n",
        (_ORDER,),
        quick=True,
    ),
    Mutation(
        "the intent is written after the batch is posted",
        "execution/sending.py",
        """\
            await self._posting.before(part, body)
            return await self._api.submit(body, reserve=self._unread)
""",
        """\
            job = await self._api.submit(body, reserve=self._unread)
            await self._posting.before(part, body)
            return job
""",
        (_ORDER,),
    ),
    Mutation(
        "an intent is not brought to the disk",
        "execution/journal.py",
        "if step in {Step.BEGUN, Step.INTENT}:",
        "if step is Step.BEGUN:",
        (_JOURNAL + "test_an_intent_is_on_the_disk_before_writing_it_returns",),
    ),
    Mutation(
        "the warehouse is not told what may be posted",
        "execution/marking.py",
        "        if last <= self._marked:\n            return\n",
        "        if last >= self._marked:\n            return\n",
        (_ORDER,),
    ),
    Mutation(
        "the warehouse goes on trusting a journal whose disk broke",
        "execution/marking.py",
        "if self._journaled and not self._journal.healthy:",
        "if self._journaled and self._journal.healthy is None:",
        (_LIFE + "test_where_the_journal_breaks_the_warehouse_is_told_before_anything_is_posted",),
    ),
)

AFTER_A_DEATH = (
    Mutation(
        "the known jobs of a dead run are not asked about",
        "execution/recovery.py",
        "if dead.stage is not None and jobs and dead.stage.request.state.table is not None:",
        "if dead.stage is not None and not jobs and dead.stage.request.state.table is not None:",
        (
            _RECOVERY + "test_the_jobs_of_a_dead_run_are_asked_and_their_results_committed_"
            "before_it_is_closed",
        ),
    ),
    Mutation(
        "jobs that only the journal knows are forgotten",
        "execution/recovery.py",
        "known.update((job.id, job) for job in within)",
        "del within",
        (_RECOVERY + "test_a_job_whose_id_only_the_journal_knows_is_asked_too",),
    ),
    Mutation(
        "without a journal nothing is thought to have been posted",
        "execution/recovery.py",
        "return [(1, dead.posted)]",
        "return []",
        (_RECOVERY + "test_without_a_journal_everything_up_to_the_mark_may_have_been_posted",),
    ),
    Mutation(
        "with a damaged journal only what it still tells is thought to have been posted",
        "execution/recovery.py",
        "if not dead.journaled or notes is None or not notes.complete:",
        "if not dead.journaled or notes is None:",
        (
            _RECOVERY + "test_with_a_journal_that_is_damaged_everything_up_to_the_mark_may_have_"
            "been_posted",
        ),
    ),
    Mutation(
        "an answer that a dead run had lost leaves no mark on its rows",
        "execution/recovery.py",
        "if job.lost_answers or not followed.resolved:",
        "if not followed.resolved:",
        (_RECOVERY + "test_rows_of_a_dead_runs_job_stay_open_when_an_answer_was_lost_before_it",),
    ),
    Mutation(
        "a dead run is closed although nobody tells what became of its jobs",
        "execution/recovery.py",
        "if refused is not None and not _given_up(refused, followed.seconds):",
        "if refused is None:",
        (_RECOVERY + "test_while_qualified_refuses_the_key_nothing_is_closed",),
    ),
    Mutation(
        "a damaged journal is believed to be whole",
        "execution/journal.py",
        "        except (KeyError, TypeError, ValueError):\n            complete = False\n",
        "        except (KeyError, TypeError, ValueError):\n            continue\n",
        (
            _JOURNAL + "test_a_journal_that_is_damaged_or_another_runs_does_not_say_what_was_"
            "never_posted[torn inside]",
        ),
    ),
    Mutation(
        "records that a dead run may have posted are not marked",
        "warehouse/deadruns.py",
        "statements += writer.lose(lost, dead.run_id)",
        "writer.lose(lost, dead.run_id)",
        (_LEFT + "test_only_what_may_have_been_posted_is_open[duckdb]",),
    ),
)

ONE_AT_A_TIME = (
    Mutation(
        "a commit does not look whether the lock is still held",
        "warehouse/writing.py",
        "self.connection.run_guarded(renewing, self._lock.holding(epoch), statements)",
        "self.connection.run_guarded(renewing, exp.select(number(1)), statements)",
        (
            _LOCK + "test_a_commit_after_the_lock_was_lost_changes_nothing[duckdb]",
            _LEFT + "test_a_run_that_lost_its_lock_can_neither_mark_nor_commit_nor_close[duckdb]",
        ),
    ),
    Mutation(
        "a lock is never asked for again while a run waits",
        "execution/locking.py",
        "        return all(\n            now - then",
        "        return True or all(\n            now - then",
        (_LOCKING + "test_a_lost_lock_is_told_to_everyone_who_asks_and_again_each_time",),
    ),
    Mutation(
        "a batch is posted without asking for the lock",
        "execution/deliver.py",
        "        await keep_lock()\n        await mark.heed_journal()\n",
        "        await mark.heed_journal()\n",
        (_LIFE + "test_who_has_lost_the_lock_posts_nothing",),
    ),
    Mutation(
        "a lock that somebody holds is taken",
        "warehouse/lock.py",
        "where=exp.Where(this=all_of([self._mine(), free])),",
        "where=exp.Where(this=self._mine()),",
        (_LOCK + "test_a_second_run_is_told_who_has_the_lock_and_until_when[duckdb]",),
    ),
)

ROWS_NOT_JOBS = (
    Mutation(
        "the status of a completed job is taken for its rows",
        "execution/sending.py",
        "        self.foreign_results += settle(items, last.results, account, self._redactor)\n",
        """\
        if last.status == "completed":
            for item in items:
                account.succeeded(item.row.number)
            return
        self.foreign_results += settle(items, last.results, account, self._redactor)
""",
        (
            _DELIVER + "test_a_rejected_row_keeps_its_redacted_reason_and_the_others_succeed",
            _DELIVER + "test_only_a_result_with_its_own_id_makes_a_row_succeed",
        ),
        quick=True,
    ),
    Mutation(
        "the status of a failed job is taken for its rows",
        "execution/sending.py",
        "settle(items, last.results, account, self._redactor)",
        "settle(items, () if last.status == 'failed' else last.results, account, self._redactor)",
        (_DELIVER + "test_a_failed_job_leaves_the_rows_it_says_nothing_of_unknown",),
    ),
    Mutation(
        "a row without a result is taken for a success",
        "execution/results.py",
        "        if own is None or item.request_id in contradicted:\n"
        "            account.unknown(number)\n",
        "        if own is None:\n"
        "            account.succeeded(number)\n"
        "        elif item.request_id in contradicted:\n"
        "            account.unknown(number)\n",
        (
            _DELIVER + "test_a_failed_job_leaves_the_rows_it_says_nothing_of_unknown",
            _DELIVER + "test_only_a_result_with_its_own_id_makes_a_row_succeed",
        ),
    ),
    Mutation(
        "of two results that contradict each other the first counts",
        "execution/results.py",
        "own is None or item.request_id in contradicted",
        "own is None",
        (_DELIVER + "test_only_a_result_with_its_own_id_makes_a_row_succeed",),
    ),
    Mutation(
        "the rows of a job that is gone (404) are taken for successes",
        "execution/sending.py",
        "        self.foreign_results += settle(items, last.results, account, self._redactor)\n",
        """\
        if followed.resolved and not last.finished:
            for item in items:
                account.succeeded(item.row.number)
            return
        self.foreign_results += settle(items, last.results, account, self._redactor)
""",
        (_LIFE + "test_rows_of_a_job_that_is_gone_are_unknown_and_nothing_of_it_is_open",),
    ),
    Mutation(
        "a job that is not there yet (404) is taken for gone at once",
        "execution/following.py",
        "GONE_AT_FIRST = 60.0",
        "GONE_AT_FIRST = 0.0",
        (_DELIVER + "test_a_job_that_is_gone_is_looked_for_during_a_minute",),
    ),
    Mutation(
        "nobody counts whether every row is accounted for",
        "execution/accounts.py",
        "if ended + self.unsent != self.planned:",
        "if self.unsent < 0:",
        (_LIFE + "test_sums_that_do_not_add_up_are_not_committed",),
    ),
    Mutation(
        "nobody counts whether what is committed is what is accounted for",
        "execution/committing.py",
        "if self._committed != self.account.planned - self.account.unsent:",
        "if self._committed < 0:",
        (_LIFE + "test_outcomes_that_would_be_committed_twice_are_not_committed",),
    ),
    Mutation(
        "a row may end twice",
        "execution/accounts.py",
        "        if number in self._fates:\n"
        '            raise ConservationError(f"row {number} ended twice")\n',
        "",
        (_ACCOUNTS + "test_a_row_that_ends_twice_or_is_not_of_the_chunk_is_a_bug",),
    ),
)

NEWEST_VALUES = (
    Mutation(
        "a lost answer leaves no mark on its rows",
        "execution/sending.py",
        "if job.lost_answers or not followed.resolved:",
        "if not followed.resolved:",
        (
            _LIFE
            + "test_rows_whose_first_answer_was_lost_stay_open_for_the_first_job_may_still_run",
        ),
    ),
    Mutation(
        "a job that never ended leaves no mark on its rows",
        "execution/sending.py",
        "if job.lost_answers or not followed.resolved:",
        "if job.lost_answers:",
        (_LIFE + "test_rows_of_a_job_that_never_ends_are_unknown_and_open_and_its_id_is_kept",),
    ),
    Mutation(
        "an unsettled row counts as synced",
        "warehouse/diff.py",
        '            (op_in(status, *UNSETTLED), text("changed")),\n',
        "",
        (
            _CHANGES + "test_an_unknown_record_is_unsettled_and_goes_again_even_if_its_value_went_"
            "back[duckdb]",
        ),
    ),
    Mutation(
        "an open row goes only once more",
        "warehouse/commits.py",
        '            (eq(col("unsettled"), number(2)), text("unsettled")),\n',
        "",
        (_LEFT + "test_an_open_record_goes_twice_before_it_is_synced[duckdb]",),
    ),
    Mutation(
        "a batch whose answer was lost is sent until one comes",
        "qualified/retry.py",
        "MAX_LOST_POSTS = 2",
        "MAX_LOST_POSTS = 6",
        (_RETRY + "test_no_more_than_two_jobs_can_come_of_one_batch_and_none_is_denied",),
    ),
    Mutation(
        "a server error after a POST is taken for a no",
        "qualified/verdict.py",
        "    if status >= 500 or status == 408:\n        return Verdict.LOST\n",
        "    if status >= 500 or status == 408:\n        return Verdict.BUSY\n",
        (_RETRY + "test_no_more_than_two_jobs_can_come_of_one_batch_and_none_is_denied",),
    ),
    Mutation(
        "an answer that cannot be read is taken for a no",
        "qualified/retry.py",
        "outcome, found = Loss(LossKind.LOST, str(error)), Verdict.LOST",
        "outcome, found = Loss(LossKind.LOST, str(error)), Verdict.NOT_SENT",
        (_RETRY + "test_no_more_than_two_jobs_can_come_of_one_batch_and_none_is_denied",),
    ),
)

THE_REST = (
    Mutation(
        "`Retry-After` is ignored",
        "qualified/retry.py",
        "return retry_after(reply.headers, self._clock.time())",
        "return None",
        (
            _RETRY + "test_retry_after_is_waited_for_exactly[429]",
            _RETRY + "test_retry_after_as_a_date_is_waited_for",
        ),
    ),
    Mutation(
        "a client forgets what earlier runs spent",
        "qualified/quota.py",
        "self._windows.remember(ago, self._clock.monotonic())",
        "del ago",
        (_QUOTA + "test_requests_of_earlier_runs_leave_less_for_this_one",),
    ),
    Mutation(
        "an apply does not tell its client what earlier runs spent",
        "execution/spending.py",
        "self._api.remember(sorted((spent - self._known).items()))",
        "self._api.remember([])",
        ("tests/apply/test_quota.py::test_what_earlier_runs_spent_is_left_alone_by_the_next",),
    ),
    Mutation(
        "a run that waited for the lock does not hear what was spent meanwhile",
        "execution/spending.py",
        "self._lease = lease\n        await self._remember()",
        "self._lease = lease",
        (_SLEEPERS + "[40-limits1]",),
    ),
    Mutation(
        "a run whose machine slept makes requests before it has looked at its lock",
        "execution/spending.py",
        "await self._lease.keep()",
        "self._lease.renewed()",
        (_SLEEPERS + "[24-limits1]",),
    ),
    Mutation(
        "requests are made without being noted",
        "qualified/notes.py",
        "await self.note(minute, self.every)",
        "self.every += 0",
        (
            _NOTES
            + "test_a_minute_is_noted_before_its_first_request_and_again_when_that_is_used_up",
        ),
    ),
    Mutation(
        "a header may raise the limit that was set",
        "qualified/windows.py",
        "self.size = max(1, min(self.allowed, size))",
        "self.size = max(1, size)",
        (_QUOTA + "test_a_larger_limit_in_the_headers_lets_no_more_go_than_was_set",),
    ),
    Mutation(
        "a refused batch is halved without an end",
        "execution/sending.py",
        "if posts == MOST_POSTS:",
        "if posts < 0:",
        (_DELIVER + "test_halving_ends_at_its_cap_and_what_is_left_is_rejected_with_its_batch",),
    ),
    Mutation(
        "a rejected row is sent in every run",
        "warehouse/diff.py",
        "REST_AFTER = 2",
        "REST_AFTER = 1000",
        (_CHANGES + "test_a_reject_goes_once_more_and_then_rests_until_its_row_changes[duckdb]",),
    ),
    Mutation(
        "a rejected row rests after its first rejection",
        "warehouse/diff.py",
        "REST_AFTER = 2",
        "REST_AFTER = 1",
        (_CHANGES + "test_a_reject_goes_once_more_and_then_rests_until_its_row_changes[duckdb]",),
    ),
    Mutation(
        "any two rejections let a row rest, whatever they say",
        "warehouse/commits.py",
        "return case([(_batch_left(), number(0)), (again, once_more)], number(1))",
        "return case([(_batch_left(), number(0))], once_more)",
        (
            _RESTING
            + "test_a_resting_record_that_is_retried_and_rejected_for_another_reason_goes_once_more"
            "[duckdb]",
        ),
    ),
    Mutation(
        "redirects are followed",
        "qualified/wire.py",
        "follow_redirects=False",
        "follow_redirects=True",
        (_RETRY + "test_a_redirect_is_refused_and_the_key_goes_nowhere_else",),
    ),
    Mutation(
        "Ctrl-C is not heeded between two batches",
        "execution/halt.py",
        "return self.error is not None or self.pause is not None or self._stop.is_set()",
        "return self.error is not None or self.pause is not None",
        (_DELIVER + "test_a_stop_submits_nothing_more_drains_and_commits",),
    ),
)

MUTATIONS = (
    *DURABLE_FIRST,
    *AFTER_A_DEATH,
    *ONE_AT_A_TIME,
    *ROWS_NOT_JOBS,
    *NEWEST_VALUES,
    *THE_REST,
)
"""All of them, in the order of the page."""
