-- Figures that a blocking rule holds out of the indicators: the whole element, or the category that the rule names;
-- unless an officer decided that the figure stands.
with

failed as (

    select
        rule_code,
        round_code,
        area_code,
        reporting_unit_code,
        data_element_code,
        category_code,
        observed,
        holds_element
    from {{ ref('int_formula_findings') }}
    where status = 'fail' and severity = 'blocking' and holds_element is not null
    union all
    select
        rule_code,
        round_code,
        area_code,
        reporting_unit_code,
        data_element_code,
        category_code,
        observed,
        data_element_code || ':' || category_code as holds_element
    from {{ ref('int_back_series_findings') }}
    where status = 'fail' and severity = 'blocking'

),

findings as (

    select
        failed.*,
        rounds.period_code
    from failed
    inner join {{ ref('int_rounds') }} as rounds on failed.round_code = rounds.round_code

)

select distinct
    findings.round_code,
    findings.area_code,
    split_part(findings.holds_element, ':', 1) as data_element_code,
    nullif(split_part(findings.holds_element, ':', 2), '') as category_code
from findings
left join {{ ref('stg_verdicts') }} as verdicts
    on
        {{ same_finding('findings', 'verdicts') }}
        and verdicts.verdict = 'accept'
where verdicts.verdict_id is null
