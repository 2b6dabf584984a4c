-- Which reported figures an element's figure is made from, through derived elements down to what units wrote.
{{ config(meta={
    'slice': 'area',
    'by_area': ['int_current_values'],
    'by_round': ['int_rounds', 'int_round_elements'],
}) }}

with recursive

terms as (

    select
        rounds.round_code,
        terms.owner_code,
        terms.data_element_code,
        terms.category_code,
        {{ ordered_sum('terms.coefficient') }} as coefficient
    from {{ ref('stg_formula_terms') }} as terms
    inner join {{ ref('int_rounds') }} as rounds
        on rounds.period_end between terms.starts_on and terms.ends_on
    where
        terms.owner_type = 'data_element'
        and terms.lag = 0
        and terms.data_element_code is not null
        and rounds.is_of_interest
    group by rounds.round_code, terms.owner_code, terms.data_element_code, terms.category_code

),

-- the catalogue has no cycles, so this ends
bases as (

    select
        round_code,
        owner_code,
        data_element_code,
        category_code,
        coefficient
    from terms
    union all
    select
        bases.round_code,
        bases.owner_code,
        terms.data_element_code,
        terms.category_code,
        bases.coefficient * terms.coefficient as coefficient
    from bases
    inner join terms
        on
            bases.round_code = terms.round_code
            and bases.data_element_code = terms.owner_code
            and bases.category_code = '_T'

),

reported as (

    select
        current_values.round_code,
        current_values.area_code,
        current_values.data_element_code,
        current_values.category_code,
        current_values.reported_value_key,
        current_values.is_sample
    from {{ ref('int_current_values') }} as current_values
    left join {{ ref('int_round_elements') }} as elements
        on
            current_values.round_code = elements.round_code
            and current_values.data_element_code = elements.data_element_code
    where {{ counts('current_values', 'elements') }}

)

select
    round_code,
    area_code,
    data_element_code,
    category_code,
    reported_value_key,
    cast(1.0 as double) as coefficient,
    is_sample
from reported
union all
select
    reported.round_code,
    reported.area_code,
    bases.owner_code as data_element_code,
    '_T' as category_code,
    reported.reported_value_key,
    bases.coefficient,
    reported.is_sample
from reported
inner join bases
    on
        reported.round_code = bases.round_code
        and reported.data_element_code = bases.data_element_code
        and reported.category_code = bases.category_code
