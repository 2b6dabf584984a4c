-- Every figure of a form of which its unit ever said that it has nothing to report.
with

forms as (

    select * from {{ ref('stg_exemptions') }}
    where kind = 'nothing_to_report'

),

asked as (

    select
        forms.exemption_id,
        forms.is_standing,
        forms.round_code,
        forms.reporting_unit_code,
        forms.area_code,
        forms.form_code,
        forms.reason,
        forms.decided_by,
        forms.decided_at,
        forms.is_sample,
        assignments.data_element_code,
        elements.disaggregation_code,
        elements.value_type
    from forms
    inner join {{ ref('int_round_assignments') }} as assignments
        on
            forms.round_code = assignments.round_code
            and forms.reporting_unit_code = assignments.reporting_unit_code
            and forms.form_code = assignments.form_code
    inner join {{ ref('int_round_elements') }} as elements
        on
            assignments.round_code = elements.round_code
            and assignments.data_element_code = elements.data_element_code
    where elements.is_valid

),

split as (

    select
        asked.*,
        '_T' as category_code
    from asked
    union all
    select
        asked.*,
        categories.category_code
    from asked
    inner join {{ ref('stg_categories') }} as categories
        on asked.disaggregation_code = categories.disaggregation_code
    where categories.category_code <> '_T'

)

-- nothing is counted as none; what is no amount does not apply
select
    exemption_id,
    is_standing,
    round_code,
    reporting_unit_code,
    area_code,
    form_code,
    data_element_code,
    category_code,
    case
        when value_type in ('level', 'rank', 'text', 'yes_no', 'index') then 'not_applicable'
        else 'zero'
    end as value_state,
    reason,
    decided_by,
    decided_at,
    is_sample
from split
