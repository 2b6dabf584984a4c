-- The indicators of each round of interest that can have a figure: with a formula of their own, or the leaves.
with

rounds as (

    select * from {{ ref('int_rounds') }}
    where is_of_interest

),

versions as (

    select
        rounds.round_code,
        indicators.*
    from rounds
    inner join {{ ref('stg_indicators') }} as indicators
        on
            rounds.criteria_set_code = indicators.criteria_set_code
            and rounds.period_end between indicators.starts_on and indicators.ends_on

),

parents as (

    select distinct
        round_code,
        parent_code
    from versions
    where parent_code is not null

),

formulas as (

    select
        versions.round_code,
        versions.indicator_code,
        bool_and(terms.coefficient > 0 and terms.lag = 0 and terms.combine = 'sum') as is_plain,
        bool_or(terms.part = 'denominator') as is_ratio,
        count(*) = 1 and max(terms.coefficient) = 1 and max(coalesce(versions.multiplier, 1)) = 1 as is_element,
        max(elements.min_value) as min_value,
        max(elements.max_value) as max_value
    from versions
    inner join rounds on versions.round_code = rounds.round_code
    inner join {{ ref('stg_formula_terms') }} as terms
        on
            versions.indicator_code = terms.owner_code
            and terms.owner_type = 'indicator'
            and rounds.period_end between terms.starts_on and terms.ends_on
    left join {{ ref('stg_data_elements') }} as elements
        on
            terms.data_element_code = elements.data_element_code
            and rounds.period_end between elements.starts_on and elements.ends_on
    group by versions.round_code, versions.indicator_code

)

select
    versions.round_code,
    versions.criteria_set_code,
    versions.indicator_code,
    versions.name_vi,
    versions.unit,
    versions.value_type,
    versions.direction,
    versions.area_aggregation,
    versions.decimals,
    coalesce(versions.multiplier, 1) as multiplier,
    -- what a figure is at least and at most: the element's own bounds, or what a count or a share of parts cannot leave
    case
        when formulas.is_plain and formulas.is_element and formulas.min_value is not null then formulas.min_value
        when versions.value_type = 'count' and coalesce(formulas.is_plain, true) then 0
        when versions.value_type = 'percent' and formulas.is_plain and formulas.is_ratio then 0
    end as lowest,
    case
        when formulas.is_plain and formulas.is_element then formulas.max_value
        when versions.value_type = 'percent' and formulas.is_plain and formulas.is_ratio then 100
    end as highest,
    versions.status,
    versions.status = 'official' or versions.confirmed_by is not null as is_confirmed
from versions
left join parents
    on versions.round_code = parents.round_code and versions.indicator_code = parents.parent_code
left join formulas
    on versions.round_code = formulas.round_code and versions.indicator_code = formulas.indicator_code
where
    versions.numerator is not null
    or (parents.parent_code is null and versions.node_type <> 'group')
