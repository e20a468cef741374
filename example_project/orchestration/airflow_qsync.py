"""Airflow: dbt, then qsync, every morning.

Exit code 3 of `qsync apply` (some records were rejected) leaves the run green, with a warning in
the task's log and the counts in its XCom; any other code but 0 fails the task. Put the folder of
the dbt project into the variable DBT_PROJECT_DIR of the workers, and the key into a connection or
secret that ends up as QUALIFIED_API_KEY there.
"""

from __future__ import annotations

import json
import logging
import os
import subprocess
from datetime import timedelta
from typing import Any

import pendulum
from airflow.sdk import dag, task, teardown
from airflow.sdk.exceptions import AirflowException

PROJECT = os.environ.get("DBT_PROJECT_DIR", ".")
TARGET = os.environ.get("QSYNC_TARGET", "prod")
DONE, REJECTED = 0, 3

log = logging.getLogger(__name__)


def _run(*words: str, stdout: int | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(words, cwd=PROJECT, stdout=stdout, text=True, check=False)


@dag(
    schedule="0 5 * * *",
    start_date=pendulum.datetime(2026, 11, 1, tz="UTC"),
    catchup=False,
    max_active_runs=1,  # two at once would meet at qsync's lock
)
def qsync() -> None:
    """The models, then what changed of them to Qualified."""

    @task
    def build() -> None:
        """The ledger first: the workers' copy may be older than the last run."""
        for words in (
            ("qsync", "ledger", "pull", "--target", TARGET),
            ("dbt", "build", "--target", TARGET),
        ):
            if _run(*words).returncode:
                raise AirflowException(f"{' '.join(words)} failed; its words are above")

    # Running again is safe: what was sent and confirmed is not sent twice.
    @task(retries=2, retry_delay=timedelta(minutes=5))
    def apply() -> dict[str, Any]:
        """What the run says of itself, as XCom."""
        words = ("qsync", "apply", "--target", TARGET, "--auto-approve", "--json")
        done = _run(*words, stdout=subprocess.PIPE)
        if done.returncode not in (DONE, REJECTED):
            raise AirflowException(f"qsync apply ended with {done.returncode}")
        summary: dict[str, Any] = json.loads(done.stdout)["summary"]
        if done.returncode == REJECTED:
            log.warning("Qualified rejected records: `qsync rejects` tells which and why")
        return summary

    # A teardown runs after a failure as well, and does not make a failed run green.
    @teardown
    def health() -> None:
        """The ledger and what stands on it: after a failure one wants to know."""
        _run("qsync", "ledger", "pull", "--target", TARGET)
        _run("dbt", "build", "--target", TARGET, "--select", "qsync_runs+")

    build() >> apply() >> health()  # type: ignore[operator]


qsync()
