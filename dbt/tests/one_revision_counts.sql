-- Of each form, and of each back series, exactly one revision counts, and it is the last.
{{ config(meta={'dagster': {'ref': {'name': 'fct_submission'}}}) }}

select
    round_code,
    area_code,
    reporting_unit_code,
    form_code,
    is_retrospective,
    count(*) filter (where is_current) as n_current
from {{ ref('fct_submission') }}
where status <> 'refused'
group by round_code, area_code, reporting_unit_code, form_code, is_retrospective
having
    count(*) filter (where is_current) <> 1
    or max(revision) <> max(case when is_current then revision end)
