-- Who was to report what in each round: assignments, units and forms valid at the end of its period. In a round from
-- before the system units of today stand in for an area of which no unit of the time is known.
{{ config(meta={'slice': 'round', 'by_round': ['int_rounds', 'int_round_units']}) }}

with

forms as (

    select distinct
        rounds.round_code,
        rounds.period_end,
        rounds.is_retrospective,
        forms.form_code
    from {{ ref('int_rounds') }} as rounds
    inner join {{ ref('stg_forms') }} as forms
        on
            rounds.criteria_set_code = forms.criteria_set_code
            and coalesce(forms.level, rounds.level, '') = coalesce(rounds.level, '')
            and coalesce(forms.period_type, rounds.period_type) = rounds.period_type
            and rounds.period_end between forms.starts_on and forms.ends_on

),

units as (

    select * from {{ ref('int_round_units') }}
    where is_valid

),

own as (

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

),

standing_in as (

    select
        forms.round_code,
        forms.form_code,
        assignments.reporting_unit_code,
        lineage.member_code as area_code,
        assignments.data_element_code,
        max(assignments.role) as assignment_role
    from forms
    inner join {{ ref('stg_assignments') }} as assignments
        on forms.form_code = assignments.form_code and assignments.valid_to is null
    inner join {{ ref('stg_reporting_units') }} as units_of_today
        on assignments.reporting_unit_code = units_of_today.reporting_unit_code and units_of_today.valid_to is null
    inner join {{ ref('int_area_lineage') }} as lineage
        on
            units_of_today.area_code = lineage.area_code
            and lineage.is_of_today
            and forms.period_end between lineage.member_starts_on and lineage.member_ends_on
    left join own on forms.round_code = own.round_code and lineage.member_code = own.area_code
    where forms.is_retrospective and own.round_code is null
    group by
        forms.round_code,
        forms.form_code,
        assignments.reporting_unit_code,
        lineage.member_code,
        assignments.data_element_code

)

select
    *,
    false as is_stand_in
from own
union all
select
    *,
    true as is_stand_in
from standing_in
