-- Gate 2, copied_from_last_year: units of whose figures nearly all are those of the period before. The same must be at
-- least `absolute_floor` figures (5 where empty) and at least the part `tolerance` of all (1 where empty).
{{ config(meta={'slice': 'area'}) }}

with

rules as (

    select
        rounds.round_code,
        rounds.round_series,
        rounds.period_number,
        rules.rule_code,
        coalesce(rules.absolute_floor, 5) as at_least,
        coalesce(rules.tolerance, 1) as share
    from {{ rules_in_force() }}
    where rules.kind = 'copied_from_last_year'

),

-- of none there is as often none again
figures as (

    select * from {{ ref('int_current_values') }}
    where value <> 0 and value_state = 'value'

),

pairs as (

    select
        rules.rule_code,
        figures.round_code,
        figures.area_code,
        figures.reporting_unit_code,
        figures.submission_id,
        figures.place_sha256 as sha256,
        figures.place_file_name as file_name,
        figures.is_sample,
        rules.at_least,
        rules.share,
        figures.value = earlier.value as is_same
    from rules
    inner join {{ ref('int_rounds') }} as earlier_rounds
        on
            rules.round_series = earlier_rounds.round_series
            and rules.period_number - 1 = earlier_rounds.period_number
    inner join figures on rules.round_code = figures.round_code
    inner join figures as earlier
        on
            earlier_rounds.round_code = earlier.round_code
            and figures.area_code = earlier.area_code
            and figures.reporting_unit_code = earlier.reporting_unit_code
            and figures.data_element_code = earlier.data_element_code
            and figures.category_code = earlier.category_code

),

counted as (

    select
        rule_code,
        round_code,
        area_code,
        reporting_unit_code,
        submission_id,
        max(sha256) as sha256,
        max(file_name) as file_name,
        count(*) as n_compared,
        count(*) filter (where is_same) as n_same,
        cast(greatest(max(at_least), ceil(max(share) * count(*) - 1e-9)) as bigint) as too_many,
        bool_or(is_sample) as is_sample
    from pairs
    group by rule_code, round_code, area_code, reporting_unit_code, submission_id

)

select
    rule_code,
    case when n_compared < too_many then 'no_data' when n_same < too_many then 'pass' else 'fail' end as status,
    round_code,
    area_code,
    reporting_unit_code,
    cast(null as string) as data_element_code,
    cast(null as string) as category_code,
    submission_id,
    sha256,
    file_name,
    cast(null as string) as sheet,
    cast(null as string) as cell,
    n_same || '/' || n_compared as observed,
    '< ' || too_many as expected,
    n_same || '/' || n_compared as observed_en,
    '< ' || too_many as expected_en,
    cast(null as string) as due,
    cast(null as string) as received,
    cast(null as string) as reason,
    cast(null as string) as said_by,
    is_sample
from counted
