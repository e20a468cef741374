-- One row per run, sync and object: the ledger, with what every question to it needs.

{%- if var('qsync_runs_from') not in ('seed', 'state') -%}
  {{ exceptions.raise_compiler_error("The var qsync_runs_from is '" ~ var('qsync_runs_from') ~ "'; it must be 'seed' or 'state'") }}
{%- endif %}
{%- set columns = [
    'run_id', 'sync', 'object', 'target', 'status', 'started_at', 'finished_at', 'rows_in_model', 'rows_added',
    'rows_changed', 'rows_removed', 'rows_unchanged', 'rows_invalid', 'rows_resting', 'rows_planned', 'rows_succeeded',
    'rows_rejected', 'rows_unknown', 'rows_invalid_late', 'rows_unsent', 'jobs', 'requests', 'retries',
    'dbt_invocation_id', 'git_commit', 'qsync_version', 'config_fingerprint', 'details',
] %}

select
    {%- for column in columns %}
    {{ column }},
    {%- endfor %}
    case when status in ({{ qsync.success_statuses() }}) then 1 else 0 end as is_success,
    case when status in ({{ qsync.complete_statuses() }}) then 1 else 0 end as is_complete,
    {{ dbt.datediff('started_at', 'finished_at', 'second') }} as seconds,
    {{ qsync.reject_share() }} as reject_share
from {{ source('qsync', 'qsync_runs') if var('qsync_runs_from') == 'state' else ref(project_name, var('qsync_seed')) }}
{%- if var('qsync_runs_from') == 'state' %}
-- The state schema may be shared by several dbt projects.
where project = '{{ var('qsync_project', project_name) }}'
{%- endif %}
