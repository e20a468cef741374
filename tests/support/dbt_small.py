"""A small dbt project of our own on any warehouse: two seeds, two models, two syncs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

PEOPLE = """\
email,first_name,score,seats,is_customer,seen_at,company_domain,region
ada@acme.example,Ada,12.50,3,true,2026-11-02 05:00:00,https://www.acme.example/,EMEA
Bo@Acme.example,Bo,7.00,,false,2026-11-02 05:00:00.25,acme.example,EMEA
cy@beta.example,Cy,,1,true,,beta.example,APAC
cy@BETA.example ,Cy,,1,true,,beta.example,APAC
,Nobody,1.00,1,true,,,
dee@beta.example,Dee,3.10,9,,2026-11-01 23:59:59,,
"""

LEADS_MODEL = """\
select
    email,
    first_name,
    cast(score as decimal(12, 2)) as score,
    seats,
    is_customer,
    cast(seen_at as timestamp) as seen_at,
    company_domain,
    region
from {{ ref('people') }}
"""

SYNCS = """\
version: 1
syncs:
  - name: leads
    model: ref('dim_leads')
    object: lead
    match: {email: email}
    fields:
      first_name: first_name
      product_score: score
      seats_used: seats
      is_customer: is_customer
      last_seen_at: seen_at
      source: {value: warehouse}
    company:
      match: {domain: company_domain}
      fields: {region: region}
"""


def write_small_project(folder: Path, output: dict[str, Any], catalog: str) -> Path:
    """The project's files.

    Args:
        folder: A new folder.
        output: The profile's one target, `prod`, as dbt has it.
        catalog: The field catalog's text.
    """
    files = {
        "dbt_project.yml": "name: small\nversion: '1.0.0'\nprofile: small\nseed-paths: [seeds]\n"
        "seeds:\n  small:\n    people:\n      +column_types: {seen_at: varchar(40)}\n",
        ".dbtignore": "*.qsync.yml\n*.qsync.yaml\n",
        "qsync.yml": "version: 1\nqualified: {apply_targets: [prod]}\n"
        "ledger: {seed: seeds/qsync_runs.csv}\n",
        "seeds/people.csv": PEOPLE,
        "models/dim_leads.sql": "{{ config(materialized='table') }}\n" + LEADS_MODEL,
        "models/leads.qsync.yml": SYNCS,
        "qualified_fields.yml": catalog,
    }
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    profile = {"small": {"target": "prod", "outputs": {"prod": output}}}
    with (folder / "profiles.yml").open("w") as file:
        YAML(typ="safe").dump(profile, file)
    return folder
