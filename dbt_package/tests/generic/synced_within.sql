{#- Fails for each sync and object whose last run that came to its end did so more than `hours` ago.

    For a relation with the ledger's columns: the seed qsync_runs, or stg_qsync__runs. Without `sync` it is about every
    sync of the ledger; with it, it also fails where that sync never came to its end at all. -#}
{% test synced_within(model, hours, sync=none, object=none, target=none) %}
{%- set asked = qsync.asked_for(sync, object, target) %}

with last_runs as (
    {{ qsync.last_runs(model, complete=true, sync=sync, object=object, target=target) }}
),

seen as (
    select distinct sync, object
    from {{ model }}
    where {{ asked }}
    {%- if sync is not none %}
    union
    select '{{ sync }}' as sync, {{ "'" ~ object ~ "'" if object is not none else "null" }} as object
    from (select count(*) as runs from {{ model }} where {{ asked }}) as counted
    where runs = 0
    {%- endif %}
),

aged as (
    select
        seen.sync,
        seen.object,
        last_runs.run_id,
        last_runs.finished_at,
        {{ qsync.hours_between('last_runs.finished_at', qsync.as_of()) }} as hours_ago
    from seen
    left join last_runs on seen.sync = last_runs.sync and seen.object = last_runs.object
)

select *
from aged
where hours_ago is null or hours_ago > {{ hours }}

{% endtest %}
