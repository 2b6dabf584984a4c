{{ config(meta={
    'slice': 'area',
    'by_area': [
        'int_round_areas',
        'int_formula_findings',
        'int_contributor_findings',
        'int_entry_findings',
        'int_copied_findings',
        'int_missing_findings',
        'int_skipped_findings',
        'int_total_findings',
        'int_back_series_findings',
        'int_submission_findings',
        'stg_findings',
        'int_current_values',
    ],
    'by_round': ['int_rounds', 'int_round_units', 'int_round_elements', 'int_submissions'],
}) }}

{%- set said_of_figures = [
    'rule_code',
    'status',
    'round_code',
    'area_code',
    'reporting_unit_code',
    'data_element_code',
    'category_code',
    'submission_id',
    'sha256',
    'file_name',
    'sheet',
    'cell',
    'observed',
    'expected',
    'observed_en',
    'expected_en',
    'due',
    'received',
    'reason',
    'said_by',
    'is_sample',
] %}
with

rules as (

    select
        rounds.round_code,
        rules.rule_code,
        rules.severity,
        rules.message_vi,
        rules.message_en,
        rules.advice_vi,
        rules.advice_en
    from {{ rules_in_force() }}

),

rounds as (

    select * from {{ ref('int_rounds') }}

),

areas as (

    select * from {{ ref('int_round_areas') }}

),

units as (

    select * from {{ ref('int_round_units') }}

),

elements as (

    select * from {{ ref('int_round_elements') }}

),

about_figures as (

    {% for kind in ['formula', 'contributor', 'entry', 'copied', 'missing', 'skipped', 'total', 'back_series'] -%}
        select
            {{ said_of_figures | join(',\n            ') }}
        from {{ ref('int_' ~ kind ~ '_findings') }}
        {% if not loop.last -%} union all {%- endif %}
    {% endfor %}

),

meaning as (

    select
        rule_code,
        status,
        round_code,
        area_code,
        reporting_unit_code,
        data_element_code,
        category_code,
        submission_id,
        sha256,
        file_name,
        sheet,
        cell,
        observed,
        expected,
        observed_en,
        expected_en,
        due,
        received,
        reason,
        said_by,
        cast(null as string) as form_code,
        is_sample
    from about_figures
    union all
    select
        rule_code,
        status,
        round_code,
        area_code,
        reporting_unit_code,
        cast(null as string) as data_element_code,
        cast(null as string) as category_code,
        submission_id,
        sha256,
        file_name,
        cast(null as string) as sheet,
        cast(null as string) as cell,
        observed,
        expected,
        observed as observed_en,
        expected as expected_en,
        due,
        received,
        cast(null as string) as reason,
        cast(null as string) as said_by,
        form_code,
        is_sample
    from {{ ref('int_submission_findings') }}

),

-- the words of a rule are long: they come last, for a join may hold in memory all that was joined before
placed as (

    select
        meaning.*,
        elements.indicator_code,
        elements.name_vi as element_name_vi,
        coalesce(elements.name_en, elements.name_vi) as element_name_en,
        units.reporting_unit_name,
        areas.area_name
    from meaning
    left join areas on meaning.round_code = areas.round_code and meaning.area_code = areas.area_code
    left join units
        on meaning.round_code = units.round_code and meaning.reporting_unit_code = units.reporting_unit_code
    left join elements
        on meaning.round_code = elements.round_code and meaning.data_element_code = elements.data_element_code

),

named as (

    select
        placed.*,
        rounds.period_code,
        rounds.data_year,
        rules.severity,
        rules.message_vi,
        rules.message_en,
        rules.advice_vi,
        rules.advice_en
    from placed
    inner join rules on placed.rule_code = rules.rule_code and placed.round_code = rules.round_code
    inner join rounds on placed.round_code = rounds.round_code

),

-- who did not send has no submission: unit, form and round then tell one subject from another
worded as (

    select
        md5(
            concat_ws(
                '|',
                rule_code,
                coalesce(sha256, ''),
                coalesce(sheet, ''),
                coalesce(cell, ''),
                coalesce(submission_id, concat_ws(',', round_code, reporting_unit_code, form_code)),
                coalesce(data_element_code, ''),
                coalesce(category_code, ''),
                coalesce(period_code, ''),
                coalesce(indicator_code, ''),
                coalesce(area_code, '')
            )
        ) as finding_id,
        rule_code,
        'meaning' as stage,
        status,
        severity,
        round_code,
        period_code,
        data_year,
        area_code,
        area_name,
        reporting_unit_code,
        reporting_unit_name,
        indicator_code,
        data_element_code,
        category_code,
        element_name_vi as name_vi,
        submission_id,
        sha256,
        file_name,
        sheet,
        cell,
        observed,
        expected,
        {{ filled_in('message_vi', 'element_name_vi') }} as message_vi,
        {{ filled_in('message_en', 'element_name_en', 'en') }} as message_en,
        {{ filled_in('advice_vi', 'element_name_vi') }} as advice_vi,
        {{ filled_in('advice_en', 'element_name_en', 'en') }} as advice_en,
        false as is_given,
        is_sample
    from named

),

-- what the level above sent back stands at the figure that it speaks of
returned_to as (

    select
        findings.finding_id,
        places.submission_id,
        places.sha256,
        places.file_name,
        places.sheet,
        places.cell
    from {{ ref('stg_findings') }} as findings
    inner join {{ ref('int_current_values') }} as places
        on
            findings.round_code = places.round_code
            and findings.area_code = places.area_code
            and findings.reporting_unit_code = places.reporting_unit_code
            and findings.data_element_code = places.data_element_code
            and coalesce(findings.category_code, '_T') = places.category_code
    where findings.stage = 'returned'

),

-- what officers gave themselves, in place of the cell or where nothing was sent; the level above may speak of just that
given as (

    select
        round_code,
        area_code,
        reporting_unit_code,
        data_element_code,
        category_code
    from {{ ref('int_current_values') }}
    where entered_how in ('correction', 'on_behalf')

),

-- what was found before the models tells codes alone
admitted as (

    select
        findings.finding_id,
        findings.rule_code,
        findings.stage,
        findings.status,
        findings.severity,
        findings.round_code,
        coalesce(rounds.period_code, findings.period_code) as period_code,
        rounds.data_year,
        findings.area_code,
        areas.area_name,
        findings.reporting_unit_code,
        units.reporting_unit_name,
        coalesce(findings.indicator_code, elements.indicator_code) as indicator_code,
        findings.data_element_code,
        findings.category_code,
        elements.name_vi,
        coalesce(findings.submission_id, places.submission_id) as submission_id,
        coalesce(places.sha256, findings.sha256) as sha256,
        coalesce(places.file_name, findings.file_name) as file_name,
        coalesce(places.sheet, findings.sheet) as sheet,
        coalesce(places.cell, findings.cell) as cell,
        findings.observed,
        findings.expected,
        findings.message_vi,
        findings.message_en,
        findings.advice_vi,
        findings.advice_en,
        given.data_element_code is not null and findings.stage <> 'returned' as is_given,
        findings.is_sample
    from {{ ref('stg_findings') }} as findings
    left join returned_to as places on findings.finding_id = places.finding_id
    left join rounds on findings.round_code = rounds.round_code
    left join areas on findings.round_code = areas.round_code and findings.area_code = areas.area_code
    left join units
        on
            findings.round_code = units.round_code
            and findings.reporting_unit_code = units.reporting_unit_code
    left join elements
        on
            findings.round_code = elements.round_code
            and findings.data_element_code = elements.data_element_code
    left join given
        on
            findings.round_code = given.round_code
            and findings.area_code = given.area_code
            and findings.reporting_unit_code = given.reporting_unit_code
            and findings.data_element_code = given.data_element_code
            and coalesce(findings.category_code, '_T') = given.category_code

),

findings as (

    select * from admitted
    union all
    select * from worded

),

keyed as (

    select
        *,
        case when severity = 'warning' and status = 'fail' then rule_code end as rule_to_answer,
        case when severity = 'blocking' and stage = 'meaning' and status = 'fail' then rule_code end as rule_to_decide
    from findings

),

accepted as (

    select * from {{ ref('stg_verdicts') }}
    where verdict = 'accept'

),

-- what was wrong with a file in whose place the unit sent another is history
replaced as (

    select submission_id from {{ ref('int_submissions') }}
    where is_replaced

),

-- an answer or a decision belongs to one figure: another figure asks again. Joins on equality alone, for one on a
-- condition would compare every finding with every answer.
answered as (

    select
        keyed.*,
        responses.text as response,
        verdicts.decided_by,
        verdicts.decided_at,
        verdicts.reason as decision_reason,
        replaced.submission_id is not null as is_replaced
    from keyed
    left join {{ ref('stg_responses') }} as responses
        on {{ same_finding('keyed', 'responses', 'rule_to_answer') }}
    left join accepted as verdicts
        on {{ same_finding('keyed', 'verdicts', 'rule_to_decide') }}
    left join replaced on keyed.submission_id = replaced.submission_id

)

select
    finding_id,
    rule_code,
    stage,
    status,
    case when response is null then severity else 'info' end as severity,
    round_code,
    period_code,
    data_year,
    area_code,
    area_name,
    reporting_unit_code,
    reporting_unit_name,
    indicator_code,
    data_element_code,
    category_code,
    name_vi,
    submission_id,
    sha256,
    file_name,
    sheet,
    cell,
    observed,
    expected,
    message_vi,
    message_en,
    advice_vi,
    advice_en,
    response as unit_response,
    status = 'fail' and response is null and decided_at is null and not is_given and not is_replaced as is_open,
    decided_by,
    decided_at,
    decision_reason,
    is_sample
from answered
