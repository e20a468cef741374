"""Why records change, from one apply to the next."""

from __future__ import annotations

from typing import Any

import pytest

from tests.apply.kit import Team

COMPANIES = ("--select", "companies")


def planned(team: Team) -> dict[str, Any]:
    (sync,) = team.qsync("plan", "--json", *COMPANIES).document["syncs"]
    stream: dict[str, Any] = sync["streams"][0]
    return stream


@pytest.mark.slow
def test_what_a_new_column_changes_is_the_mappings_doing_until_all_of_it_is_sent(
    team: Team,
) -> None:
    team.apply(*COMPANIES)
    team.edit("companies.qsync.yml", "crm_id: account_id", "crm_id: company_name")
    team.sql("UPDATE prod.dim_companies SET employees = '17' WHERE domain LIKE 'b%'")
    (by_data,) = team.sql("SELECT count(*) FROM prod.dim_companies WHERE domain LIKE 'b%'")[0]
    before = planned(team)
    assert before["moved"]["remapped"] == ["crm_id"]
    causes = {item["cause"]: item["records"] for item in before["causes"]}
    assert causes["mapping"] + causes["data"] == before["counts"]["changed"] == 390
    assert 0 < causes["data"] <= by_data

    team.apply("--limit", "350", "--full-refresh", *COMPANIES)
    rest = planned(team)
    assert rest["moved"] == before["moved"]
    assert rest["counts"]["changed"] == 40

    team.apply(*COMPANIES)
    assert (planned(team)["moved"], planned(team)["causes"]) == (None, [])
