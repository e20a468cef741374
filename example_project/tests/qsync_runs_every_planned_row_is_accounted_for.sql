-- qsync's promise, checked from outside: each planned row of a run that ended is in exactly one of five counts.
select run_id, sync, object
from {{ ref('qsync_runs') }}
where
    status != 'running'
    and rows_planned != rows_succeeded + rows_rejected + rows_unknown + rows_invalid_late + rows_unsent
