-- Gate 2, rules over figures.
{{ config(materialized='view', meta={'by_area': ['int_formula_results', 'int_peer_results']}) }}

select
    rule_code,
    round_code,
    area_code,
    reporting_unit_code,
    operator,
    severity,
    holds_element,
    status,
    left_value,
    right_value,
    low_value,
    high_value,
    is_sample
from {{ ref('int_formula_results') }}
union all
select
    rule_code,
    round_code,
    area_code,
    reporting_unit_code,
    operator,
    severity,
    holds_element,
    status,
    left_value,
    right_value,
    low_value,
    high_value,
    is_sample
from {{ ref('int_peer_results') }}
