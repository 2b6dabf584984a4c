-- Every data element of a round's criteria set as it was at the end of the period.
with

versions as (

    select
        rounds.round_code,
        elements.data_element_code,
        elements.indicator_code,
        elements.name_vi,
        elements.name_en,
        elements.unit,
        elements.role,
        elements.value_type,
        elements.unit_aggregation,
        elements.area_aggregation,
        elements.disaggregation_code,
        rounds.period_end between elements.starts_on and elements.ends_on as is_valid,
        row_number() over (
            partition by rounds.round_code, elements.data_element_code
            order by rounds.period_end between elements.starts_on and elements.ends_on desc, elements.starts_on desc
        ) as version_rank
    from {{ ref('int_rounds') }} as rounds
    inner join {{ ref('stg_data_elements') }} as elements
        on rounds.criteria_set_code = elements.criteria_set_code

)

select
    round_code,
    data_element_code,
    indicator_code,
    name_vi,
    name_en,
    unit,
    role,
    value_type,
    unit_aggregation,
    area_aggregation,
    disaggregation_code,
    is_valid
from versions
where version_rank = 1
