{#- qsync's promise, checked from outside: each planned record of a run that has ended is in exactly one of five counts.

    For a relation with the ledger's columns: the seed qsync_runs, or stg_qsync__runs. -#}
{% test every_row_accounted_for(model) %}

select run_id, sync, object, rows_planned
from {{ model }}
where
    status != 'running'
    and rows_planned != rows_succeeded + rows_rejected + rows_unknown + rows_invalid_late + rows_unsent

{% endtest %}
