-- Typed, renamed, deleted people left out. Nothing is mended here: the rows that are wrong stay wrong, so that one
-- can see what qsync says to each (README.md). A team would mend them here, and the plan would show it.
select
    contact_id,
    account_id,
    email,
    first_name,
    last_name,
    job_title,
    phone,
    country,
    seniority,
    lifecycle_stage,
    cast(last_seen_at as timestamp) as last_seen_at,
    cast(updated_at as timestamp) as updated_at
from {{ ref('crm_contacts') }}
where not cast(is_deleted as boolean)
