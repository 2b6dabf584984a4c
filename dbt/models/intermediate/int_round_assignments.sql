-- Who was to report what in each round: assignments, units and forms valid at the end of its period.
with

forms as (

    select distinct
        rounds.round_code,
        rounds.period_end,
        forms.form_code
    from {{ ref('int_rounds') }} as rounds
    inner join {{ ref('stg_forms') }} as forms
        on
            rounds.criteria_set_code = forms.criteria_set_code
            and coalesce(forms.level, rounds.level, '') = coalesce(rounds.level, '')
            and rounds.period_end between forms.starts_on and forms.ends_on

),

units as (

    select * from {{ ref('int_round_units') }}
    where is_valid

)

select
    forms.round_code,
    forms.form_code,
    assignments.reporting_unit_code,
    units.area_code,
    assignments.data_element_code,
    -- two rows for one unit and element can only differ in role; the lead's role is the stronger one
    max(assignments.role) as assignment_role
from forms
inner join {{ ref('stg_assignments') }} as assignments
    on
        forms.form_code = assignments.form_code
        and forms.period_end between assignments.starts_on and assignments.ends_on
inner join units
    on
        forms.round_code = units.round_code
        and assignments.reporting_unit_code = units.reporting_unit_code
group by
    forms.round_code,
    forms.form_code,
    assignments.reporting_unit_code,
    units.area_code,
    assignments.data_element_code
