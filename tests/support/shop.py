"""A small project with syncs, a field catalog and a manifest, and no dbt: what sync tests need."""

from __future__ import annotations

import json
from pathlib import Path
from textwrap import indent
from typing import Any

from tests.artifacts.manifests import manifest, node

SYNCS = """\
version: 1
syncs:
  - name: leads
    model: ref('dim_leads')
    object: lead
    match: {email: email}
    fields:
      first_name: first_name
      job_title: {column: title, on_null: clear}
      product_score: score
      seniority: seniority
      is_customer: is_customer
      interests: interests
      last_seen_at: seen_at
      source: {value: warehouse}
    company:
      match: {domain: domain}
      company_name: company
      fields: {region: region}
  - name: leavers
    model: ref('dim_leads')
    object: lead
    match: {email: email}
    fields: {notes: notes, plan: plan}
    config: {on_removed: clear}
  - name: companies
    model: ref('dim_companies')
    object: company
    match: {domain: website}
    fields: {employees: employees}
  - name: resting
    model: ref('dim_leads')
    object: lead
    match: {email: email}
    fields: {phone: phone}
    config: {enabled: false}
  - name: lost
    model: ref('dim_lead')
    object: lead
    match: {email: email}
    fields: {country: country}
"""

CATALOG = """\
version: 1
lead:
  - {name: country, label: Country, type: string}
  - {name: first_name, label: First Name, type: name}
  - name: interests
    label: Interests
    type: multi_picklist
    options: [{value: data, label: Data}, {value: growth, label: Growth}]
  - {name: is_customer, label: Is Customer, type: boolean}
  - {name: job_title, label: Job Title, type: string}
  - {name: last_seen_at, label: Last Seen, type: string}
  - {name: notes, label: Notes, type: text}
  - {name: phone, label: Phone, type: phone}
  - {name: plan, label: Plan, type: string}
  - {name: product_score, label: Product Score, type: decimal}
  - name: seniority
    label: Seniority
    type: picklist
    options: [{value: vp, label: VP}]
  - {name: source, label: Source, type: string}
company:
  - {name: employees, label: Employees, type: decimal}
  - {name: region, label: Region, type: string}
"""

_COLUMNS = (
    *("email", "first_name", "title", "score", "seniority", "is_customer", "interests", "seen_at"),
    *("domain", "company", "region", "notes", "plan", "phone", "internal_id"),
)


def dim_leads(**types: str) -> dict[str, Any]:
    """The manifest's node of the leads' model, with `data_type`s of some columns."""
    columns = {
        name: {"name": name, **({"data_type": types[name]} if name in types else {})}
        for name in _COLUMNS
    }
    return node("dim_leads", columns=columns)


def shop(folder: Path, tests: str, *nodes: dict[str, Any]) -> Path:
    """Write the project.

    Args:
        folder: A folder.
        tests: The entries of `tests:`.
        nodes: The manifest's nodes; `dim_leads` without types and `dim_companies` otherwise.
    """
    written = manifest(*(nodes or (dim_leads(),)), node("dim_companies"))
    files = {
        "dbt_project.yml": "name: shop\nprofile: shop\n",
        ".dbtignore": "*.qsync.yml\n*.qsync.yaml\n",
        "qsync.yml": "version: 1\n",
        "qualified_fields.yml": CATALOG,
        "models/syncs.qsync.yml": SYNCS,
        "models/tests.qsync.yml": f"version: 1\ntests:\n{indent(tests, '  ')}",
        "target/manifest.json": json.dumps(written),
    }
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder
