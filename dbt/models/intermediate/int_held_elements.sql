-- Figures that a blocking rule holds out of the indicators: the whole element, or the category that the rule names;
-- unless an officer decided that the figure stands.
with

findings as (

    select
        findings.*,
        rounds.period_code
    from {{ ref('int_formula_findings') }} as findings
    inner join {{ ref('int_rounds') }} as rounds on findings.round_code = rounds.round_code
    where
        findings.status = 'fail'
        and findings.severity = 'blocking'
        and findings.holds_element is not null

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
