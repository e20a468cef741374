{#- Fails for each sync and object of which Qualified refuses `share` (0.01 is one in a hundred) of the records in the
    model or more, as of its last run that has ended: rejected ones and those that rest.

    For a relation with the ledger's columns: the seed qsync_runs, or stg_qsync__runs. -#}
{% test reject_rate_below(model, share, sync=none, object=none, target=none) %}

select sync, object, run_id, rows_rejected, rows_resting, rows_in_model, {{ qsync.reject_share() }} as reject_share
from (
    {{ qsync.last_runs(model, sync=sync, object=object, target=target) }}
) as last_runs
where {{ qsync.reject_share() }} >= {{ share }} and rows_rejected + rows_resting > 0

{% endtest %}
