-- Gate 2, lead_contributor: a contributor's figure beside the lead's; a rule that names an element looks at it alone.
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
        coalesce(rules.tolerance, 0) as tolerance,
        rules.left_side as data_element_code
    from {{ rules_in_force() }}
    where rules.kind = 'lead_contributor'

),

figures as (

    select
        current_values.*,
        case when current_values.value_state = 'zero' then 0.0 else current_values.value end as figure
    from {{ ref('int_current_values') }} as current_values
    inner join {{ ref('int_round_elements') }} as elements
        on
            current_values.round_code = elements.round_code
            and current_values.data_element_code = elements.data_element_code
    where
        current_values.value_state in ('value', 'zero')
        and coalesce(elements.unit_aggregation, 'lead') = 'lead'

),

pairs as (

    select
        contributors.*,
        leads.figure as lead_figure,
        leads.value_text as lead_text,
        coalesce(
            abs(contributors.figure - leads.figure),
            case when contributors.value_text = leads.value_text then 0.0 else cast('infinity' as double) end
        ) as difference
    from figures as contributors
    inner join figures as leads
        on
            contributors.round_code = leads.round_code
            and contributors.area_code = leads.area_code
            and contributors.data_element_code = leads.data_element_code
            and contributors.category_code = leads.category_code
    where contributors.assignment_role = 'contributor' and leads.assignment_role = 'lead'

)

select
    rules.rule_code,
    case when pairs.difference <= rules.tolerance then 'pass' else 'fail' end as status,
    pairs.round_code,
    pairs.area_code,
    pairs.reporting_unit_code,
    pairs.data_element_code,
    pairs.category_code,
    pairs.submission_id,
    pairs.place_sha256 as sha256,
    pairs.place_file_name as file_name,
    pairs.place_sheet as sheet,
    pairs.place_cell as cell,
    coalesce({{ number_text('pairs.figure') }}, pairs.value_text) as observed,
    coalesce({{ number_text('pairs.lead_figure') }}, pairs.lead_text) as expected,
    coalesce({{ number_text('pairs.figure', 'en') }}, pairs.value_text) as observed_en,
    coalesce({{ number_text('pairs.lead_figure', 'en') }}, pairs.lead_text) as expected_en,
    cast(null as string) as due,
    cast(null as string) as received,
    cast(null as string) as reason,
    cast(null as string) as said_by,
    pairs.is_sample
from pairs
inner join rules
    on
        pairs.round_code = rules.round_code
        and coalesce(rules.data_element_code, pairs.data_element_code) = pairs.data_element_code
