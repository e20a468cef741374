-- How each sync is doing, from qsync's ledger. Empty until the ledger has a row.
--
-- Age is measured against the clock: a sync that nobody runs any more must turn red by itself. To ask how things
-- stood at another moment: dbt build --select qsync_health --vars '{qsync_as_of: "2026-11-03 06:00:00"}' (UTC).
{%- set as_of = var('qsync_as_of', none) %}

with moment as (
    select
        {%- if as_of is not none %}
        cast('{{ as_of }}' as timestamp) as as_of
        {%- else %}
        cast(now() at time zone 'UTC' as timestamp) as as_of
        {%- endif %}
),

runs as (
    select
        *,
        status in ('succeeded', 'nothing_to_do', 'baselined') as is_success,
        -- A partial run delivered all it could. One phone number that Qualified refuses for weeks must not make the
        -- sync look dead.
        status in ('succeeded', 'nothing_to_do', 'baselined', 'partial') as is_complete,
        -- The newest run that has ended; a run still going counts only where there is no other.
        row_number() over (
            partition by sync, object
            order by status = 'running', started_at desc, run_id desc
        ) as recency
    from {{ ref('qsync_runs') }}
),

history as (
    select
        sync,
        object,
        count(*) as runs,
        bool_or(status = 'running') as is_running,
        max(case when is_success then finished_at end) as last_success_at,
        max(case when is_complete then finished_at end) as last_complete_at
    from runs
    group by sync, object
),

measured as (
    select
        last_run.sync,
        last_run.object,
        last_run.target,
        history.runs,
        history.is_running,
        last_run.run_id as last_run_id,
        last_run.status as last_status,
        last_run.started_at as last_run_at,
        history.last_success_at,
        history.last_complete_at,
        round(date_diff('minute', history.last_success_at, moment.as_of) / 60.0, 1) as hours_since_last_success,
        round(date_diff('minute', history.last_complete_at, moment.as_of) / 60.0, 1) as hours_since_last_complete,
        coalesce(last_run.rows_succeeded, 0) as rows_succeeded,
        coalesce(last_run.rows_rejected, 0) as rows_rejected,
        coalesce(last_run.rows_resting, 0) as rows_resting,
        coalesce(last_run.rows_unknown, 0) as rows_unknown,
        coalesce(last_run.rows_unsent, 0) as rows_unsent,
        coalesce(last_run.rows_invalid, 0) + coalesce(last_run.rows_invalid_late, 0) as rows_invalid,
        -- Of the rows in the model, not of those sent: after a quiet night two refused rows may be all that was sent.
        coalesce(
            (last_run.rows_rejected + coalesce(last_run.rows_resting, 0)) / nullif(last_run.rows_in_model, 0), 0
        ) as reject_share
    from runs as last_run
    inner join history on last_run.sync = history.sync and last_run.object = history.object
    cross join moment
    where last_run.recency = 1
)

select
    *,
    case
        when last_status in ('failed', 'stopped', 'interrupted') then 'failing'
        when last_status = 'running' then 'warning'
        when hours_since_last_complete > {{ var('qsync_stale_after_hours') }} then 'failing'
        when reject_share > {{ var('qsync_max_reject_share') }} then 'failing'
        when last_status = 'partial' then 'warning'
        when rows_rejected + rows_resting + rows_unknown + rows_unsent > 0 then 'warning'
        else 'ok'
    end as health
from measured
