-- The formula of each indicator as written, and once more per category where all its elements are split the same way.
{{ config(meta={
    'slice': 'round',
    'by_round': ['int_rounds', 'int_round_indicators', 'int_round_elements', 'int_current_values'],
}) }}

with

rounds as (

    select * from {{ ref('int_rounds') }}

),

terms as (

    select
        indicators.round_code,
        terms.owner_code,
        terms.part,
        terms.term_number,
        terms.combine,
        terms.data_element_code,
        terms.category_code,
        terms.coefficient,
        terms.lag,
        elements.disaggregation_code
    from {{ ref('int_round_indicators') }} as indicators
    inner join rounds on indicators.round_code = rounds.round_code
    inner join {{ ref('stg_formula_terms') }} as terms
        on
            indicators.indicator_code = terms.owner_code
            and terms.owner_type = 'indicator'
            and rounds.period_end between terms.starts_on and terms.ends_on
    left join {{ ref('int_round_elements') }} as elements
        on
            indicators.round_code = elements.round_code
            and terms.data_element_code = elements.data_element_code

),

split_alike as (

    select
        round_code,
        owner_code,
        max(disaggregation_code) as disaggregation_code
    from terms
    where data_element_code is not null
    group by round_code, owner_code
    having
        count(disaggregation_code) = count(*)
        and count(distinct disaggregation_code) = 1
        and max(case when category_code = '_T' then 0 else 1 end) = 0

),

-- of dimensions combined only what figures came with: nobody owes every combination
split_by as (

    select
        split_alike.round_code,
        split_alike.owner_code,
        categories.category_code,
        categories.name_vi
    from split_alike
    inner join {{ ref('stg_categories') }} as categories
        on split_alike.disaggregation_code = categories.disaggregation_code
    where categories.category_code <> '_T'
    union all
    select distinct
        split_alike.round_code,
        split_alike.owner_code,
        categories.category_code,
        categories.name_vi
    from split_alike
    inner join terms
        on split_alike.round_code = terms.round_code and split_alike.owner_code = terms.owner_code
    inner join {{ ref('int_current_values') }} as figures
        on terms.round_code = figures.round_code and terms.data_element_code = figures.data_element_code
    inner join {{ ref('int_categories') }} as categories
        on
            split_alike.disaggregation_code = categories.disaggregation_code
            and figures.category_code = categories.category_code
    where categories.is_combination

),

combining as (

    select distinct
        terms.round_code,
        terms.owner_code
    from terms
    inner join {{ ref('stg_disaggregation_dimensions') }} as dimensions
        on terms.disaggregation_code = dimensions.disaggregation_code

)

select
    terms.round_code,
    terms.owner_code,
    '_T' as variant,
    cast(null as string) as category_name,
    terms.part,
    terms.term_number,
    terms.combine,
    terms.data_element_code,
    terms.category_code,
    terms.coefficient,
    terms.lag,
    combining.owner_code is null as is_owed
from terms
left join combining
    on terms.round_code = combining.round_code and terms.owner_code = combining.owner_code
union all
select
    terms.round_code,
    terms.owner_code,
    split_by.category_code as variant,
    split_by.name_vi as category_name,
    terms.part,
    terms.term_number,
    terms.combine,
    terms.data_element_code,
    split_by.category_code,
    terms.coefficient,
    terms.lag,
    combining.owner_code is null as is_owed
from terms
inner join split_by
    on terms.round_code = split_by.round_code and terms.owner_code = split_by.owner_code
left join combining
    on terms.round_code = combining.round_code and terms.owner_code = combining.owner_code
