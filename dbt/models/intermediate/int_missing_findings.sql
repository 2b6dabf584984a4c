-- Gate 2, figure_missing: a figure that a unit was asked for and left blank in what it sent, without saying that there
-- is none. A category may be left blank, and so may a rate that is computed from its parts.
{{ config(meta={
    'slice': 'area',
    'by_area': ['int_current_values'],
    'by_round': ['int_rounds', 'int_round_elements'],
}) }}

with

rules as (

    select
        rounds.round_code,
        rules.rule_code,
        rules.left_side as data_element_code
    from {{ rules_in_force() }}
    where rules.kind = 'figure_missing' and not rounds.is_retrospective

),

blanks as (

    select current_values.*
    from {{ ref('int_current_values') }} as current_values
    inner join {{ ref('int_round_elements') }} as elements
        on
            current_values.round_code = elements.round_code
            and current_values.data_element_code = elements.data_element_code
    where
        current_values.value_state = 'missing'
        and current_values.category_code = '_T'
        and current_values.counting_role is not null
        and not current_values.is_retrospective
        and elements.role is distinct from 'typed'

)

select
    rules.rule_code,
    'fail' as status,
    blanks.round_code,
    blanks.area_code,
    blanks.reporting_unit_code,
    blanks.data_element_code,
    blanks.category_code,
    blanks.submission_id,
    blanks.place_sha256 as sha256,
    blanks.place_file_name as file_name,
    blanks.place_sheet as sheet,
    blanks.place_cell as cell,
    cast(null as string) as observed,
    cast(null as string) as expected,
    cast(null as string) as observed_en,
    cast(null as string) as expected_en,
    cast(null as string) as due,
    cast(null as string) as received,
    cast(null as string) as reason,
    cast(null as string) as said_by,
    blanks.is_sample
from blanks
inner join rules
    on
        blanks.round_code = rules.round_code
        and coalesce(rules.data_element_code, blanks.data_element_code) = blanks.data_element_code
