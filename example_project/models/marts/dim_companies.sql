-- One row per company in the CRM.
select
    account_id,
    account_name as company_name,
    website as domain,
    industry,
    employees, -- text on purpose, see stg_crm__accounts
    annual_revenue,
    tier,
    is_target_account,
    is_customer,
    region,
    segments,
    owner_email,
    updated_at as crm_updated_at
from {{ ref('stg_crm__accounts') }}
