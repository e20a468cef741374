-- Typed, merged accounts left out.
select
    account_id,
    account_name,
    website,
    industry,
    -- Stays text: the CRM lets people type "1,200". A cast would stop the whole build for one row; qsync reads the
    -- texts that are numbers and calls the others invalid, row by row.
    employees,
    cast(annual_revenue as numeric(12, 2)) as annual_revenue,
    tier,
    cast(is_target_account as boolean) as is_target_account,
    cast(is_customer as boolean) as is_customer,
    region,
    string_split(segments, '|') as segments,
    owner_email,
    cast(updated_at as timestamp) as updated_at
from {{ ref('crm_accounts') }}
where status = 'active'
