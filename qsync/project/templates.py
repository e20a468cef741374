"""The texts `qsync init` writes. `{modeline}` and `{seed}` are filled in; `{{` is one brace."""

from __future__ import annotations

SETTINGS = """\
{modeline}
version: 1

qualified:
  # The NAME of the environment variable that holds the API key. It must start with QUALIFIED_.
  # The key itself never stands in a file of this project.
  api_key_env: QUALIFIED_API_KEY
  base_url: https://api.qualified.com
  # dbt targets that may write to Qualified. Any other target can plan, not apply.
  apply_targets: [prod]
  # The share of the team's request quota that qsync may spend.
  limits: {{share: 0.9}}

# The schema of the warehouse that qsync keeps its tables in, the same for every dbt target.
state: {{schema: qsync}}

# One row per run, sync and object. `dbt seed` loads it, so that models can ref() it.
ledger: {{seed: {seed}}}

# What every sync starts from; a sync's own config overrides it key by key.
defaults:
  on_null: keep # keep: leave Qualified's value; clear: send null (experimental); fail: invalid row
  # A broken guard stops its sync before anything is sent. Not asked on a first load.
  guards: {{max_changed: 20%, max_removed: 10%, max_invalid: 1%}}
"""

SAMPLE = """\
{modeline}
# A first sync. Remove the leading `# ` of the lines below, put in your own names and run
# `qsync validate`. Or delete this file: `qsync new NAME --model M --object lead` writes a sync with
# the columns of a model matched to Qualified's fields.
#
# version: 1
# syncs:
#   - name: leads
#     description: Product-qualified leads for the sales team
#     model: ref('dim_leads') # a model, snapshot or seed
#     object: lead # lead or company
#     match: {{email: email}} # Qualified's key: email for a lead, domain for a company
#     fields: # left Qualified's field (API name), right the model's column
#       first_name: first_name
#       job_title: {{column: title, on_null: clear}}
#       source: {{value: warehouse}} # a constant
#     company: # leads only: the lead's company
#       match: {{domain: company_domain}}
#       company_name: company_name
#       fields: {{employees: employee_count}}
#     config:
#       owner: growth-eng
#       tags: [hourly]
#       guards: {{max_changed: 40%}}
#
# # Sync tests: `qsync test` runs them without a warehouse and without a key.
# tests:
#   - name: an address is folded and a missing title is cleared
#     sync: leads
#     given: # rows of the model; columns that are not named are null
#       - {{email: " Ada@Example.com", first_name: Ada}}
#     expect: # everything that is sent, and nothing else
#       leads:
#         - email: ada@example.com
#           fields: {{first_name: Ada, job_title: null, source: warehouse}}
"""
