"""The GitHub action: what it runs for which event, with which key, and what it says where."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.kit import commands
from tests.ecosystem.conftest import Stage
from tests.ecosystem.kit import check_command_line
from tests.support.github_actions import (
    BRANCH,
    FORK,
    GONE_FORK,
    MERGED,
    NIGHTLY,
    OURS,
    Event,
    read_yaml,
)

KEY = "key-of-the-account"


def test_a_pull_request_is_validated_planned_and_commented(stage: Stage) -> None:
    stage.codes(plan=2)
    ran = stage.runner.run(OURS, target="prod")
    assert ran.ok, ran.log
    assert [words[0] for words, _ in stage.calls] == ["validate", "plan", "show"]
    assert ran.outputs["did"] == "plan"
    assert ran.outputs["changes"] == "true"
    assert Path(ran.outputs["plan-file"]).read_text() == "a plan"
    (comment,) = stage.comments
    assert comment["at"] == "repos/acme/warehouse/issues/7/comments"
    assert comment["body"].startswith("<!-- qsync plan ")
    assert "### qsync plan: **2 to change**" in comment["body"]
    assert (
        f"Of commit {'f' * 12}, [the run](https://github.com/acme/warehouse/actions/runs/42)"
        in comment["body"]
    )
    assert ran.summary == comment["body"]


def test_a_rehearsal_follows_the_plan_when_asked_for_and_fails_the_job_on_rejects(
    stage: Stage,
) -> None:
    ran = stage.runner.run(OURS, rehearse="true", select="tag:hourly", api_key=KEY)
    assert ran.ok, ran.log
    assert stage.commands[-1] == "apply --rehearse"
    assert stage.calls[-1][1]["QSYNC_SELECT"] == "tag:hourly"
    assert KEY not in {value for _, own in stage.calls for value in own.values()}
    assert "### qsync apply --rehearse" in ran.summary
    stage.codes(apply=3)
    assert not stage.runner.run(OURS, rehearse="true").ok
    stage.codes(apply=0)
    fork = stage.runner.run(FORK, rehearse="true")
    assert "Rehearse" not in fork.steps


def test_options_come_as_variables_and_empty_ones_leave_defaults(stage: Stage) -> None:
    stage.runner.run(OURS, project_dir="transform", target="prod", select="tag:hourly leads")
    (_, planned) = next(call for call in stage.calls if call[0][0] == "plan")
    assert planned["QSYNC_PROJECT_DIR"] == "transform"
    assert planned["QSYNC_TARGET"] == "prod"
    assert planned["QSYNC_SELECT"] == "tag:hourly leads"
    assert planned["QSYNC_EXCLUDE"] == ""


def test_with_another_checkout_the_comment_begins_with_what_the_pull_request_alone_changes(
    stage: Stage,
) -> None:
    stage.codes(plan=2)
    ran = stage.runner.run(OURS, compare_to="base/transform")
    assert ran.ok, ran.log
    assert [words[0] for words, _ in stage.calls] == ["validate", "plan"]
    words, given = stage.calls[1]
    assert "--markdown" in words
    assert given["QSYNC_COMPARE_TO"] == "base/transform"
    (comment,) = stage.comments
    assert "### What this pull request alone changes" in comment["body"]
    assert (ran.outputs["changes"], comment["body"]) == ("true", ran.summary)


def test_a_plan_that_fails_fails_beside_another_checkout_too(stage: Stage) -> None:
    stage.codes(plan=1)
    ran = stage.runner.run(OURS, compare_to="base")
    assert not ran.ok
    assert "**There is no plan of this commit:**" in stage.comments[0]["body"]


def test_the_next_commit_changes_the_same_comment(stage: Stage) -> None:
    stage.comments = [
        {"id": number, "user": {"type": "User"}, "body": "Looks good"} for number in (1, 2, 3)
    ]
    stage.runner.run(OURS)
    stage.codes(plan=2)
    ran = stage.runner.run(OURS)
    assert ran.outputs["changes"] == "true"
    assert len(stage.comments) == 4
    assert stage.comments[3]["body"] == ran.summary


def test_a_comment_that_a_person_began_with_the_marker_is_not_touched(stage: Stage) -> None:
    stage.runner.run(OURS)
    forged = {"id": 1, "user": {"type": "User"}, "body": stage.comments[0]["body"]}
    stage.comments = [forged]
    stage.runner.run(OURS)
    assert len(stage.comments) == 2
    assert stage.comments[0] == forged


def test_two_projects_of_one_pull_request_have_a_comment_each(stage: Stage) -> None:
    for _ in range(2):
        stage.runner.run(OURS, project_dir="one")
        stage.runner.run(OURS, project_dir="two")
    assert len(stage.comments) == 2


def test_a_plan_that_fails_takes_the_old_plans_place_in_the_comment(stage: Stage) -> None:
    stage.runner.run(OURS)
    stage.codes(plan=1)
    ran = stage.runner.run(OURS)
    assert not ran.ok
    (comment,) = stage.comments
    assert "**There is no plan of this commit:** `qsync plan` ended with 1." in comment["body"]
    assert "2 to change" not in comment["body"]
    assert ran.outputs["changes"] == ""


def test_files_with_errors_fail_the_job_and_the_comment_is_not_left_behind(stage: Stage) -> None:
    stage.codes(validate=1, plan=1)
    ran = stage.runner.run(OURS)
    assert not ran.ok
    assert "no plan of this commit" in stage.comments[0]["body"]


def test_a_token_without_the_right_to_comment_is_told_what_it_lacks(stage: Stage) -> None:
    (stage.folder / "forbidden").touch()
    ran = stage.runner.run(OURS)
    assert not ran.ok
    assert "::error title=qsync::The comment cannot be written" in ran.log
    assert "pull-requests: write" in ran.log


def test_without_a_comment_there_is_the_summary(stage: Stage) -> None:
    ran = stage.runner.run(OURS, comment="false")
    assert "Comment" not in ran.steps
    assert "2 to change" in ran.summary


@pytest.mark.parametrize("event", [FORK, GONE_FORK], ids=["a fork", "a fork that is gone"])
@pytest.mark.parametrize("mode", ["auto", "plan"])
def test_a_fork_is_validated_and_gets_neither_key_nor_token(
    stage: Stage, event: Event, mode: str
) -> None:
    ran = stage.runner.run(event, mode=mode, api_key=KEY)
    assert ran.ok, ran.log
    assert stage.commands == ["validate"]
    assert ran.steps == ["What this event may do", "Validate"]
    given = {value for own in ran.environments.values() for value in own.values()}
    assert given.isdisjoint({KEY, "ghs_of_the_job"})


@pytest.mark.parametrize(
    "event", [OURS, FORK, BRANCH, Event("merge_group", "refs/heads/gh-readonly-queue/main/pr-7")]
)
def test_only_the_default_branch_can_be_applied(stage: Stage, event: Event) -> None:
    ran = stage.runner.run(event, mode="apply", api_key=KEY)
    assert not ran.ok
    assert "Only the default branch is applied" in ran.log
    assert stage.commands == []


@pytest.mark.parametrize(
    "event", ["pull_request_target", "workflow_run", "issue_comment", "pull_request_review"]
)
@pytest.mark.parametrize("mode", ["auto", "apply"])
def test_events_that_bring_secrets_to_strangers_code_are_refused(
    stage: Stage, event: str, mode: str
) -> None:
    ran = stage.runner.run(Event(event, head="stranger/warehouse"), mode=mode, api_key=KEY)
    assert not ran.ok
    assert stage.commands == []
    assert KEY not in {value for own in ran.environments.values() for value in own.values()}


@pytest.mark.parametrize("event", [MERGED, NIGHTLY, Event("workflow_dispatch")])
def test_the_default_branch_is_applied_with_the_key_in_that_step_only(
    stage: Stage, event: Event
) -> None:
    ran = stage.runner.run(event, api_key=KEY, select="tag:hourly")
    assert ran.ok, ran.log
    assert stage.commands == ["validate", "apply --auto-approve"]
    keys = [own.get("QUALIFIED_API_KEY") for _, own in stage.calls]
    assert keys == [None, KEY]
    assert [name for name, own in ran.environments.items() if KEY in own.values()] == ["Apply"]
    assert stage.calls[1][1]["QSYNC_SELECT"] == "tag:hourly"
    assert ran.summary == "### qsync apply\n\n````text\nApplied: 2\n\n````\n"
    assert KEY not in ran.log
    assert ran.outputs["exit-code"] == "0"


def test_another_branch_is_only_validated(stage: Stage) -> None:
    stage.runner.run(BRANCH, api_key=KEY)
    assert stage.commands == ["validate"]


def test_applying_without_a_key_is_refused_before_anything_is_sent(stage: Stage) -> None:
    ran = stage.runner.run(MERGED)
    assert not ran.ok
    assert "Applying needs the input api-key" in ran.log
    assert stage.commands == ["validate"]


def test_nothing_is_applied_when_the_files_have_errors(stage: Stage) -> None:
    stage.codes(validate=1)
    ran = stage.runner.run(MERGED, api_key=KEY)
    assert not ran.ok
    assert stage.commands == ["validate"]


@pytest.mark.parametrize(
    ("code", "rejected", "ok"),
    [(3, "warn", True), (3, "fail", False), (1, "warn", False), (130, "warn", False)],
)
def test_rejected_records_are_a_warning_unless_they_shall_fail(
    stage: Stage, code: int, rejected: str, ok: bool
) -> None:
    stage.codes(apply=code)
    ran = stage.runner.run(MERGED, api_key=KEY, rejected=rejected)
    assert ran.ok is ok
    assert ("::warning" in ran.log) is ok
    assert ran.outputs["exit-code"] == str(code)
    assert "Applied: 2" in ran.summary


def test_a_sealed_plan_is_applied_alone(stage: Stage) -> None:
    ran = stage.runner.run(
        MERGED, mode="apply", api_key=KEY, plan_file="a plan.json", select="tag:hourly"
    )
    assert ran.ok, ran.log
    assert stage.commands == ["validate", "apply 'a plan.json'"]
    assert "QSYNC_SELECT" not in stage.calls[1][1]


def test_tests_and_exposures_are_checked_when_asked_for_even_beside_errors(stage: Stage) -> None:
    stage.codes(validate=1)
    ran = stage.runner.run(FORK, tests="true", exposures="true")
    assert not ran.ok
    assert stage.commands == ["validate", "test", "exposures --check"]


@pytest.mark.parametrize("inputs", [{"mode": "send"}, {"adapter": "../evil"}, {"rejected": "hide"}])
def test_an_input_nobody_knows_is_refused(stage: Stage, inputs: dict[str, str]) -> None:
    ran = stage.runner.run(MERGED, api_key=KEY, **inputs)
    assert not ran.ok
    assert [words for words in stage.commands if words != "validate"] == []


@pytest.mark.parametrize(
    "text", ["$(touch owned)`touch owned`", "'; touch owned #", '"; touch owned #\nb=c']
)
def test_no_input_and_no_branch_runs_as_code(stage: Stage, text: str) -> None:
    event = Event("pull_request", f"refs/heads/{text}", head="acme/warehouse", number=7)
    inputs = dict.fromkeys(("project_dir", "target", "select", "exclude", "profiles_dir"), text)
    ran = stage.runner.run(event, **inputs)
    assert ran.ok, ran.log
    assert [words[0] for words, _ in stage.calls] == ["validate", "plan", "show"]
    stage.runner.run(event, compare_to=text)
    stage.runner.run(event, mode=text, adapter=text, rejected=text, comment=text)
    assert list(stage.runner.workspace.iterdir()) == []


def test_every_command_line_of_the_action_is_one_that_qsync_takes(stage: Stage) -> None:
    stage.runner.run(OURS, tests="true", exposures="true", rehearse="true")
    stage.runner.run(MERGED, api_key=KEY)
    plan = stage.runner.temporary / "plan.qsync.json"
    stage.runner.run(MERGED, mode="apply", api_key=KEY, plan_file=str(plan))
    for words, _ in stage.calls:
        check_command_line(words)
    assert {words[0] for words, _ in stage.calls} == {
        "validate",
        "test",
        "exposures",
        "plan",
        "show",
        "apply",
    }


def test_every_variable_of_the_action_is_one_that_qsync_reads(repository: Path) -> None:
    known = {
        name
        for _, command in commands()
        for item in command.params
        for name in ([item.envvar] if isinstance(item.envvar, str) else item.envvar or ())
    }
    steps = read_yaml(repository / "action.yml")["runs"]["steps"]
    named = {name for step in steps for name in step["env"] if name.startswith("QSYNC_")}
    assert named
    assert named <= known


@pytest.mark.parametrize(
    ("pages", "found"),
    [
        ("", ""),
        ("[]", ""),
        ('[{"id": 1, "user": {"type": "Bot"}, "body": "<!-- m -->\\nx"}]', "1\n"),
        ('[{"id": 1, "user": null, "body": "<!-- m -->"}]\n[{"id": 2, "body": null}]', ""),
        ('[][{"id": 5, "user": {"type": "Bot"}, "body": "<!-- m -->"}]', "5\n"),
        ('[{"id": 5, "user": {"type": "Bot"}, "body": "Quoting <!-- m -->"}]', ""),
    ],
)
def test_the_comment_is_found_on_whichever_page(repository: Path, pages: str, found: str) -> None:
    said = subprocess.run(
        [sys.executable, repository / ".github" / "action" / "find_comment.py", "<!-- m -->"],
        input=pages,
        capture_output=True,
        text=True,
        check=True,
    )
    assert said.stdout == found
