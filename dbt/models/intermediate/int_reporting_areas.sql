-- The areas that figures are about in each round, and those above them up to the round's level, whose figures are made
-- from theirs; a unit may report for areas other than its own.
{{ config(meta={'slice': 'round', 'by_round': ['int_current_values', 'int_round_areas', 'int_rounds']}) }}

with recursive

figures as (

    select
        round_code,
        area_code,
        bool_or(is_sample) as is_sample
    from {{ ref('int_current_values') }}
    group by round_code, area_code

),

steps as (

    select
        children.round_code,
        children.area_code,
        parents.area_code as parent_code
    from {{ ref('int_round_areas') }} as children
    inner join {{ ref('int_round_areas') }} as parents
        on children.round_code = parents.round_code and children.parent_code = parents.area_code
    inner join {{ ref('int_rounds') }} as rounds on children.round_code = rounds.round_code
    where
        children.is_valid
        and parents.is_valid
        and {{ level_rank('children.area_level') }} < {{ level_rank('parents.area_level') }}
        and {{ level_rank('parents.area_level') }} <= {{ level_rank('rounds.level') }}

),

upwards as (

    select
        round_code,
        area_code
    from figures
    union all
    select
        steps.round_code,
        steps.parent_code as area_code
    from upwards
    inner join steps on upwards.round_code = steps.round_code and upwards.area_code = steps.area_code

),

reporting as (

    select distinct
        round_code,
        area_code
    from upwards

)

select
    reporting.round_code,
    reporting.area_code,
    areas.area_name,
    areas.area_level,
    areas.starts_on,
    figures.area_code is not null as is_entered,
    coalesce(figures.is_sample, rounds.is_sample) as is_sample
from reporting
inner join {{ ref('int_rounds') }} as rounds on reporting.round_code = rounds.round_code
left join figures on reporting.round_code = figures.round_code and reporting.area_code = figures.area_code
left join {{ ref('int_round_areas') }} as areas
    on reporting.round_code = areas.round_code and reporting.area_code = areas.area_code
