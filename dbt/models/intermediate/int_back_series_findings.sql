-- Gate 2, back_series: a figure of a back series beside another one of the form of the round, for one thing.
{{ config(meta={'slice': 'area', 'by_area': ['int_reported_values'], 'by_round': ['int_rounds']}) }}

with

rules as (

    select
        rounds.round_code,
        rules.rule_code,
        rules.severity
    from {{ rules_in_force() }}
    where rules.kind = 'back_series'

),

figures as (

    select
        *,
        case value_state when 'zero' then 0.0 else value end as figure
    from {{ ref('int_reported_values') }}
    where is_current and value_state not in ('missing', 'held')

),

pairs as (

    select
        back_series.*,
        case
            when back_series.figure is not null or of_round.figure is not null
                then coalesce(back_series.figure = of_round.figure, false)
            else
                back_series.value_state = of_round.value_state
                and coalesce(back_series.value_text, '') = coalesce(of_round.value_text, '')
        end as is_same,
        coalesce({{ number_text('of_round.figure') }}, of_round.value_text, of_round.value_state) as expected,
        coalesce({{ number_text('of_round.figure', 'en') }}, of_round.value_text, of_round.value_state) as expected_en
    from figures as back_series
    inner join figures as of_round on back_series.reported_value_key = of_round.reported_value_key
    where back_series.is_retrospective and not of_round.is_retrospective

)

select
    rules.rule_code,
    rules.severity,
    case when pairs.is_same then 'pass' else 'fail' end as status,
    pairs.round_code,
    pairs.area_code,
    pairs.reporting_unit_code,
    pairs.data_element_code,
    pairs.category_code,
    pairs.submission_id,
    pairs.sha256,
    pairs.file_name,
    pairs.sheet,
    pairs.cell,
    coalesce({{ number_text('pairs.figure') }}, pairs.value_text, pairs.value_state) as observed,
    pairs.expected,
    coalesce({{ number_text('pairs.figure', 'en') }}, pairs.value_text, pairs.value_state) as observed_en,
    pairs.expected_en,
    cast(null as string) as due,
    cast(null as string) as received,
    cast(null as string) as reason,
    cast(null as string) as said_by,
    pairs.is_sample
from pairs
inner join rules on pairs.round_code = rules.round_code
