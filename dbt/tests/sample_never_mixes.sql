-- Sample and office figures never stand in one release.
{{ config(meta={'dagster': {'ref': {'name': 'fct_submission'}}}) }}

select
    count(*) filter (where is_sample) as n_sample,
    count(*) filter (where not is_sample) as n_office
from {{ ref('fct_submission') }}
where status <> 'refused'
having count(distinct is_sample) > 1
