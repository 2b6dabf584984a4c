{{ config(meta={
    'slice': 'round',
    'by_round': ['int_expected_submissions', 'int_rounds', 'int_round_areas', 'int_round_units'],
}) }}

select
    expected.round_code,
    rounds.period_code,
    rounds.data_year,
    expected.area_code,
    areas.area_name,
    expected.reporting_unit_code,
    units.reporting_unit_name,
    expected.form_code,
    cast(expected.is_expected as integer) as expected,
    cast(expected.is_actual as integer) as actual,
    cast(expected.is_on_time as integer) as actual_on_time,
    case when expected.is_expected then cast(expected.is_actual as double) end as reporting_rate,
    case when expected.is_expected then cast(expected.is_on_time as double) end as reporting_rate_on_time,
    expected.is_exempt as exempt,
    expected.is_not_sending as not_sending,
    expected.reason as note,
    expected.due_at,
    coalesce(expected.is_sample, rounds.is_sample) as is_sample
from {{ ref('int_expected_submissions') }} as expected
inner join {{ ref('int_rounds') }} as rounds on expected.round_code = rounds.round_code
left join {{ ref('int_round_areas') }} as areas
    on expected.round_code = areas.round_code and expected.area_code = areas.area_code
left join {{ ref('int_round_units') }} as units
    on
        expected.round_code = units.round_code
        and expected.reporting_unit_code = units.reporting_unit_code
