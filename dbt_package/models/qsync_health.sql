-- How each sync is doing, from qsync's ledger. Empty until the ledger has a row.
--
-- Age is measured against the clock: a sync that nobody runs any more must turn red by itself. To ask how things
-- stood at another moment: dbt build --select qsync_health --vars '{qsync_as_of: "2026-11-03 06:00:00"}' (UTC).

with moment as (
    select {{ qsync.as_of() }} as as_of
),

runs as (
    select
        *,
        -- The newest run that has ended; a run still going counts only where there is no other.
        row_number() over (
            partition by sync, object
            order by case when status = 'running' then 1 else 0 end, started_at desc, run_id desc
        ) as recency
    from {{ ref('stg_qsync__runs') }}
),

history as (
    select
        sync,
        object,
        count(*) as runs,
        max(case when status = 'running' then 1 else 0 end) = 1 as is_running,
        max(case when is_success = 1 then finished_at end) as last_success_at,
        max(case when is_complete = 1 then finished_at end) as last_complete_at
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
        {{ qsync.hours_between('history.last_success_at', 'moment.as_of') }} as hours_since_last_success,
        {{ qsync.hours_between('history.last_complete_at', 'moment.as_of') }} as hours_since_last_complete,
        coalesce(last_run.rows_succeeded, 0) as rows_succeeded,
        coalesce(last_run.rows_rejected, 0) as rows_rejected,
        coalesce(last_run.rows_resting, 0) as rows_resting,
        coalesce(last_run.rows_unknown, 0) as rows_unknown,
        coalesce(last_run.rows_unsent, 0) as rows_unsent,
        coalesce(last_run.rows_invalid, 0) + coalesce(last_run.rows_invalid_late, 0) as rows_invalid,
        last_run.reject_share,
        {{ qsync.threshold('stale_after_hours', 'last_run.sync') }} as stale_after_hours,
        {{ qsync.threshold('max_reject_share', 'last_run.sync') }} as max_reject_share
    from runs as last_run
    inner join history on last_run.sync = history.sync and last_run.object = history.object
    cross join moment
    where last_run.recency = 1
)

select
    measured.*,
    case
        when last_status in ('failed', 'stopped', 'interrupted') then 'failing'
        when last_status = 'running' then 'warning'
        when hours_since_last_complete > stale_after_hours then 'failing'
        when reject_share > max_reject_share then 'failing'
        when last_status = 'partial' then 'warning'
        when rows_rejected + rows_resting + rows_unknown + rows_unsent > 0 then 'warning'
        else 'ok'
    end as health
from measured
