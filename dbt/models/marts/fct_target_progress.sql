-- Targets beside figures: reached in their own period, on pace in the years before; no rows where none is assigned.
with

-- a version of an area that has another name or kind alone stands on the same ground
grounds as (

    select
        area_code,
        starts_on,
        min(member_starts_on) as ground_starts_on
    from {{ ref('int_area_lineage') }}
    where is_same and area_code = member_code
    group by area_code, starts_on

),

facts as (

    select
        figures.*,
        grounds.ground_starts_on,
        rounds.period_end,
        rounds.request_number,
        indicators.direction,
        coalesce(figures.comparable_from, 0) as segment
    from {{ ref('int_indicator_values') }} as figures
    inner join {{ ref('int_rounds') }} as rounds on figures.round_code = rounds.round_code
    inner join {{ ref('int_round_indicators') }} as indicators
        on figures.round_code = indicators.round_code and figures.indicator_code = indicators.indicator_code
    left join grounds on figures.area_code = grounds.area_code and figures.area_starts_on = grounds.starts_on
    where figures.category_code = '_T'

),

-- a second request for the same year replaces the first
yearly as (

    select
        *,
        row_number() over (
            partition by area_code, ground_starts_on, criteria_set_code, indicator_code, data_year
            order by request_number desc, round_code desc
        ) as place
    from facts
    where period_type = 'year' and value is not null

),

first_figures as (

    select
        area_code,
        ground_starts_on,
        criteria_set_code,
        indicator_code,
        segment,
        min(data_year) as first_year,
        min_by(value, data_year) as first_value
    from yearly
    where place = 1
    group by area_code, ground_starts_on, criteria_set_code, indicator_code, segment

),

-- a code may have been another area's: a target is for the area that bears it when the target is due
assigned as (

    select
        facts.*,
        targets.period_code as target_period_code,
        targets.target_year,
        targets.target,
        targets.target_high,
        targets.source_vi,
        targets.status as target_status,
        facts.period_code = targets.period_code as is_due,
        coalesce(
            targets.operator,
            case facts.direction when 'higher_better' then '>=' when 'lower_better' then '<=' end
        ) as comparison,
        coalesce(targets.baseline_year, first_figures.first_year) as baseline_year,
        coalesce(targets.baseline_value, first_figures.first_value) as baseline_value,
        case
            when targets.baseline_year is not null then 'declared'
            when first_figures.first_year is not null then 'first_figure'
        end as baseline_origin
    from facts
    inner join {{ ref('stg_targets') }} as targets
        on
            facts.indicator_code = targets.indicator_code
            and facts.area_code = targets.area_code
            and facts.period_end between targets.starts_on and targets.ends_on
    left join {{ ref('stg_areas') }} as areas_then
        on
            targets.area_code = areas_then.area_code
            and make_date(targets.target_year, 12, 31) between areas_then.starts_on and areas_then.ends_on
    left join grounds as grounds_then
        on areas_then.area_code = grounds_then.area_code and areas_then.starts_on = grounds_then.starts_on
    left join first_figures
        on
            facts.area_code = first_figures.area_code
            and facts.ground_starts_on = first_figures.ground_starts_on
            and facts.criteria_set_code = first_figures.criteria_set_code
            and facts.indicator_code = first_figures.indicator_code
            and facts.segment = first_figures.segment
            and facts.data_year > first_figures.first_year
    where
        facts.period_code = targets.period_code
        or (
            facts.period_type = 'year'
            and facts.data_year < targets.target_year
            and facts.ground_starts_on = grounds_then.ground_starts_on
        )

),

judged as (

    select
        *,
        case when comparison in ('>=', '==', 'between') then target end as low,
        case comparison when 'between' then target_high when '<=' then target when '==' then target end as high,
        case
            when is_due then 1.0
            when data_year >= baseline_year
                then (data_year - baseline_year) / cast(target_year - baseline_year as double)
        end as share,
        case
            when value is null and value_state = 'value' then 'not_a_number'
            when value is null then value_state
            when comparison is null then 'no_comparison'
            when is_due then null
            when baseline_year is null then 'no_baseline'
            when data_year < baseline_year then 'before_baseline'
        end as untold
    from assigned

),

-- what is due by this year lies on the straight way from the baseline to the nearer end of what must be reached
paced as (

    select
        *,
        case when comparison is not null then value end as actual,
        case
            when share < 1 and baseline_value < low then baseline_value + (low - baseline_value) * share
            else low
        end as pace_low,
        case
            when share < 1 and baseline_value > high then baseline_value + (high - baseline_value) * share
            else high
        end as pace_high
    from judged

),

measured as (

    select
        *,
        case
            when comparison = 'between' then actual - least(greatest(actual, low), high)
            else actual - target
        end as gap,
        case
            when share is null then null
            when comparison = '<=' or (share < 1 and baseline_value > high) then pace_high
            else pace_low
        end as pace,
        {{ target_percent('actual', 'low', 'high') }} as achievement_pct_of_any,
        {{ target_percent('actual', 'pace_low', 'pace_high') }} as pace_pct_of_any,
        coalesce(actual >= pace_low - 1e-9 * abs(pace_low), true)
        and coalesce(actual <= pace_high + 1e-9 * abs(pace_high), true) as is_on_pace,
        {{ surrogate_key(['round_code', 'area_code', 'indicator_code', 'target_period_code']) }}
            as target_progress_key
    from paced

),

told as (

    select
        *,
        case when actual is not null then achievement_pct_of_any end as achievement_pct,
        case when untold is null then pace_pct_of_any end as pace_pct,
        case when untold is null then is_on_pace end as on_track
    from measured

),

rules as (

    select
        told.target_progress_key,
        rules.light,
        rules.name_vi,
        rules.name_en,
        row_number() over (partition by told.target_progress_key order by rules.sort_order) as place
    from told
    inner join {{ ref('stg_light_rules') }} as rules
        on
            told.criteria_set_code = rules.criteria_set_code
            and told.period_end between rules.starts_on and rules.ends_on
    where
        case rules.measure when 'pace' then round(told.pace_pct, 9) else round(told.achievement_pct, 9) end
        >= coalesce(rules.at_least, cast('-infinity' as double))

)

select
    told.target_progress_key,
    told.round_code,
    told.period_code,
    told.data_year,
    told.criteria_set_code,
    told.area_code,
    told.area_name,
    told.area_level,
    told.indicator_code,
    told.category_code,
    told.name_vi,
    told.unit,
    told.target_period_code,
    told.is_due,
    told.comparison,
    told.target,
    told.target_high,
    told.baseline_year,
    told.baseline_value,
    told.baseline_origin,
    told.value as actual,
    told.value_state,
    told.value_status,
    told.coverage,
    told.gap,
    100 * told.gap / nullif(abs(told.target), 0) as gap_pct,
    told.achievement_pct,
    told.pace,
    told.pace_pct,
    told.on_track,
    rules.light,
    rules.name_vi as light_name_vi,
    rules.name_en as light_name_en,
    case
        when rules.light is not null then null
        when told.untold is not null then told.untold
        when told.pace_pct is null then 'no_percentage'
        else 'no_light_rule'
    end as reason,
    told.source_vi,
    told.target_status,
    told.is_confirmed,
    told.is_sample
from told
left join rules on told.target_progress_key = rules.target_progress_key and rules.place = 1
