-- Which reported figures an element's figure is made from, through derived elements down to what units wrote.
with

terms as (

    select
        rounds.round_code,
        terms.owner_code,
        terms.data_element_code,
        terms.category_code,
        terms.coefficient,
        terms.level
    from {{ ref('stg_formula_terms') }} as terms
    inner join {{ ref('int_rounds') }} as rounds
        on rounds.period_end between terms.starts_on and terms.ends_on
    where terms.owner_type = 'data_element' and terms.lag = 0 and terms.data_element_code is not null

),

reported as (

    select
        current_values.round_code,
        current_values.area_code,
        current_values.data_element_code,
        current_values.category_code,
        current_values.reported_value_key,
        cast(1.0 as double) as coefficient,
        current_values.is_sample
    from {{ ref('int_current_values') }} as current_values
    left join {{ ref('int_round_elements') }} as elements
        on
            current_values.round_code = elements.round_code
            and current_values.data_element_code = elements.data_element_code
    where elements.unit_aggregation = 'sum' or current_values.counting_role = 'lead'

),

first_derived as (

    select
        reported.round_code,
        reported.area_code,
        terms.owner_code as data_element_code,
        '_T' as category_code,
        reported.reported_value_key,
        reported.coefficient * terms.coefficient as coefficient,
        reported.is_sample
    from reported
    inner join terms
        on
            reported.round_code = terms.round_code
            and reported.data_element_code = terms.data_element_code
            and reported.category_code = terms.category_code

),

second_derived as (

    select
        first_derived.round_code,
        first_derived.area_code,
        terms.owner_code as data_element_code,
        '_T' as category_code,
        first_derived.reported_value_key,
        first_derived.coefficient * terms.coefficient as coefficient,
        first_derived.is_sample
    from first_derived
    inner join terms
        on
            first_derived.round_code = terms.round_code
            and first_derived.data_element_code = terms.data_element_code
            and first_derived.category_code = terms.category_code

)

select * from reported
union all
select * from first_derived
union all
select * from second_derived
