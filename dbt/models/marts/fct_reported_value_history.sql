{{ config(meta={
    'slice': 'area',
    'by_area': [
        'int_reported_values',
        'int_source_values',
        'int_entered_history',
        'int_round_areas',
    ],
    'by_round': ['int_round_units', 'int_round_elements', 'int_round_assignments'],
}) }}

with

{%- set columns = [
    'reported_value_key',
    'round_code',
    'period_code',
    'data_year',
    'area_code',
    'reporting_unit_code',
    'form_code',
    'data_element_code',
    'category_code',
    'value',
    'value_decimal',
    'value_text',
    'value_state',
    'value_status',
    'unit',
    'submission_id',
    'sha256',
    'file_name',
    'sheet',
    'cell',
    'raw_text',
    'source_text',
    'note_text',
    'unit_multiplier',
    'obs_status',
    'status_text',
    'period_text',
    'revision',
    'received_at',
    'entered_how',
    'is_retrospective',
    'is_sample',
] %}

assignments as (

    select * from {{ ref('int_round_assignments') }}
    where not is_stand_in

),

-- one that stands in does so for each of several areas by itself
stand_ins as (

    select * from {{ ref('int_round_assignments') }}
    where is_stand_in

),

entered as (

    select distinct reported_value_key from {{ ref('int_entered_history') }}

),

-- beside a back series: what the form of the round says is believed from then on, and a blank cell of it never
overruled as (

    select
        sources.reported_value_key,
        bool_or(winners.is_retrospective) as by_back_series,
        min(
            case
                when winners.is_retrospective and sources.is_retrospective then sources.counts_from
                when not winners.is_retrospective and not sources.is_retrospective and sources.value_state <> 'missing'
                    then sources.counts_from
            end
        ) as overruled_at
    from {{ ref('int_reported_values') }} as sources
    inner join {{ ref('int_source_values') }} as winners on sources.reported_value_key = winners.reported_value_key
    group by sources.reported_value_key
    having bool_or(sources.is_retrospective) and not bool_and(sources.is_retrospective)

),

-- few figures stand in several current files: looking for the one that counts among all would cost as much again
told_twice as (

    select reported_value_key from {{ ref('int_reported_values') }}
    where is_current
    group by reported_value_key
    having count(*) > 1 and not bool_or(is_retrospective)

),

-- of a figure that another form gives, too, what came later is believed from then on
given_elsewhere as (

    select
        figures.reported_value_key,
        figures.submission_id,
        max(believed.counts_from) as overruled_at
    from told_twice
    inner join {{ ref('int_reported_values') }} as figures
        on told_twice.reported_value_key = figures.reported_value_key
    inner join {{ ref('int_source_values') }} as winners
        on told_twice.reported_value_key = winners.reported_value_key
    inner join {{ ref('int_reported_values') }} as believed
        on
            winners.reported_value_key = believed.reported_value_key
            and winners.submission_id = believed.submission_id
    where figures.is_current and figures.submission_id <> winners.submission_id
    group by figures.reported_value_key, figures.submission_id

),

-- figures that an officer ever entered have spans of their own; a revision that was never believed keeps its row
reported as (

    select
        {% for column in columns -%}
            sources.{{ column }},
        {% endfor -%}
        sources.counts_from as known_from,
        case
            when entered.reported_value_key is not null then sources.counts_from
            when given_elsewhere.reported_value_key is not null
                then greatest(sources.counts_from, given_elsewhere.overruled_at)
            when overruled.overruled_at is null then sources.replaced_at
            else
                least(
                    coalesce(sources.replaced_at, cast('9999-12-31' as {{ instant() }})),
                    greatest(sources.counts_from, overruled.overruled_at)
                )
        end as known_to,
        sources.is_current
        and entered.reported_value_key is null
        and given_elsewhere.reported_value_key is null
        and overruled.reported_value_key is null as is_current
    from {{ ref('int_reported_values') }} as sources
    left join entered on sources.reported_value_key = entered.reported_value_key
    left join given_elsewhere
        on
            sources.reported_value_key = given_elsewhere.reported_value_key
            and sources.submission_id = given_elsewhere.submission_id
    left join overruled
        on
            sources.reported_value_key = overruled.reported_value_key
            and sources.is_retrospective <> overruled.by_back_series
    left join {{ ref('int_entered_history') }} as begun
        on
            sources.reported_value_key = begun.reported_value_key
            and sources.submission_id = begun.submission_id
            and sources.entered_how = begun.entered_how
            and sources.counts_from = begun.known_from
    where begun.reported_value_key is null
    union all
    select
        {% for column in columns -%}
            {{ column }},
        {% endfor -%}
        known_from,
        known_to,
        known_to is null as is_current
    from {{ ref('int_entered_history') }}

)

select
    reported.reported_value_key,
    reported.round_code,
    reported.period_code,
    reported.data_year,
    reported.area_code,
    areas.area_name,
    reported.reporting_unit_code,
    units.reporting_unit_name,
    coalesce(stand_ins.assignment_role, assignments.assignment_role) as assignment_role,
    elements.indicator_code,
    reported.data_element_code,
    reported.category_code,
    elements.name_vi,
    categories.name_vi as category_name,
    reported.value,
    reported.value_decimal,
    reported.value_text,
    reported.value_state,
    reported.value_status,
    coalesce(reported.unit, elements.unit) as unit,
    reported.submission_id,
    reported.sha256,
    reported.file_name,
    reported.sheet,
    reported.cell,
    reported.raw_text,
    reported.source_text,
    reported.note_text,
    reported.unit_multiplier,
    reported.obs_status,
    reported.status_text,
    reported.period_text,
    reported.revision,
    reported.received_at,
    reported.entered_how,
    reported.is_retrospective,
    reported.is_sample,
    reported.known_from,
    reported.known_to,
    reported.is_current
from reported
left join {{ ref('int_round_areas') }} as areas
    on reported.round_code = areas.round_code and reported.area_code = areas.area_code
left join {{ ref('int_round_units') }} as units
    on
        reported.round_code = units.round_code
        and reported.reporting_unit_code = units.reporting_unit_code
left join {{ ref('int_round_elements') }} as elements
    on
        reported.round_code = elements.round_code
        and reported.data_element_code = elements.data_element_code
left join {{ ref('int_categories') }} as categories
    on
        elements.disaggregation_code = categories.disaggregation_code
        and reported.category_code = categories.category_code
left join assignments
    on
        reported.round_code = assignments.round_code
        and reported.form_code = assignments.form_code
        and reported.reporting_unit_code = assignments.reporting_unit_code
        and reported.data_element_code = assignments.data_element_code
left join stand_ins
    on
        reported.round_code = stand_ins.round_code
        and reported.form_code = stand_ins.form_code
        and reported.reporting_unit_code = stand_ins.reporting_unit_code
        and reported.area_code = stand_ins.area_code
        and reported.data_element_code = stand_ins.data_element_code
