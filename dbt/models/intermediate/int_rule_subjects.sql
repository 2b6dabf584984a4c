-- The figure that each rule over figures speaks of, and whether the catalogue of the round has all that it reads.
with

rules as (

    select
        rounds.round_code,
        rounds.period_end,
        rules.rule_code,
        rules.holds_element
    from {{ rules_in_force() }}
    where rules.kind in ('formula', 'peer_outlier')

),

terms as (

    select
        rules.round_code,
        rules.rule_code,
        terms.side,
        terms.part,
        terms.term_number,
        terms.data_element_code,
        terms.category_code,
        terms.lag = 0 and not coalesce(elements.is_valid, false) as is_lacking
    from rules
    inner join {{ ref('stg_formula_terms') }} as terms
        on
            rules.rule_code = terms.owner_code
            and terms.owner_type = 'rule'
            and rules.period_end between terms.starts_on and terms.ends_on
    left join {{ ref('int_round_elements') }} as elements
        on
            rules.round_code = elements.round_code
            and terms.data_element_code = elements.data_element_code
    where terms.data_element_code is not null

),

lacking as (

    select
        round_code,
        rule_code,
        bool_or(is_lacking) as is_lacking
    from terms
    group by round_code, rule_code

),

left_terms as (

    select
        *,
        row_number() over (partition by round_code, rule_code order by part desc, term_number asc) as place
    from terms
    where side = 'left'

)

select
    rules.round_code,
    rules.rule_code,
    coalesce(split_part(rules.holds_element, ':', 1), left_terms.data_element_code) as data_element_code,
    case
        when rules.holds_element is null then left_terms.category_code
        else coalesce(nullif(split_part(rules.holds_element, ':', 2), ''), '_T')
    end as category_code,
    not coalesce(lacking.is_lacking, false) as is_known
from rules
left join left_terms
    on rules.round_code = left_terms.round_code and rules.rule_code = left_terms.rule_code and left_terms.place = 1
left join lacking on rules.round_code = lacking.round_code and rules.rule_code = lacking.rule_code
