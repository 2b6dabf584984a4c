-- The formula of each indicator as written, and once more per category where all its elements are split the same way.
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

)

select
    round_code,
    owner_code,
    '_T' as variant,
    cast(null as varchar) as category_name,
    part,
    term_number,
    combine,
    data_element_code,
    category_code,
    coefficient,
    lag
from terms
union all
select
    terms.round_code,
    terms.owner_code,
    categories.category_code as variant,
    categories.name_vi as category_name,
    terms.part,
    terms.term_number,
    terms.combine,
    terms.data_element_code,
    categories.category_code,
    terms.coefficient,
    terms.lag
from terms
inner join split_alike
    on terms.round_code = split_alike.round_code and terms.owner_code = split_alike.owner_code
inner join {{ ref('stg_categories') }} as categories
    on split_alike.disaggregation_code = categories.disaggregation_code and categories.category_code <> '_T'
