-- The areas that figures are about in each round; a unit may report for areas other than its own.
with

figures as (

    select
        round_code,
        area_code,
        bool_or(is_sample) as is_sample
    from {{ ref('int_current_values') }}
    group by round_code, area_code

)

select
    figures.round_code,
    figures.area_code,
    areas.area_name,
    areas.area_level,
    areas.starts_on,
    figures.is_sample
from figures
left join {{ ref('int_round_areas') }} as areas
    on figures.round_code = areas.round_code and figures.area_code = areas.area_code
