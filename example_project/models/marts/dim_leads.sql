-- One row per person in the CRM, with what their company lends them. People without a company stay.
select
    contacts.contact_id as lead_id,
    contacts.email,
    contacts.first_name,
    contacts.last_name,
    contacts.job_title,
    contacts.phone,
    contacts.country,
    contacts.seniority,
    contacts.lifecycle_stage,
    coalesce(accounts.is_customer, false) as is_customer,
    contacts.last_seen_at,
    contacts.account_id,
    accounts.account_name as company_name,
    accounts.website as company_domain,
    accounts.region as company_region,
    case when accounts.is_customer then 'Customer' else 'Prospect' end
    || ' in ' || replace(accounts.industry, '_', ' ') as company_description,
    contacts.updated_at as crm_updated_at
from {{ ref('stg_crm__contacts') }} as contacts
left join {{ ref('stg_crm__accounts') }} as accounts using (account_id)
