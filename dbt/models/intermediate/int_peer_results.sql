-- Gate 2, rules over figures that are compared with those of peers.
{{ config(meta={
    'slice': 'round',
    'compares': true,
    'by_round': [
        'int_rounds',
        'int_round_elements',
        'int_reporting_areas',
        'int_reporting_units',
        'int_lagged_areas',
        'int_lagged_units',
        'int_round_units',
        'int_rule_subjects',
        'int_round_areas',
    ],
}) }}

with

{{ rule_sides('peer_outlier') }},

-- peers are areas of one level, or units of one type
peers as (

    select
        ruled.*,
        case
            when ruled.reporting_unit_code is null then coalesce(areas.area_level, '') || '|'
            else '|' || coalesce(units.unit_type, '')
        end as peer_group,
        case when ruled.n_figures = ruled.n_terms then ruled.left_value end as figure
    from ruled
    left join {{ ref('int_round_areas') }} as areas
        on ruled.round_code = areas.round_code and ruled.area_code = areas.area_code
    left join {{ ref('int_round_units') }} as units
        on ruled.round_code = units.round_code and ruled.reporting_unit_code = units.reporting_unit_code

),

centres as (

    select
        rule_code,
        round_code,
        peer_group,
        count(figure) as n_peers,
        median(figure) as centre
    from peers
    group by rule_code, round_code, peer_group

),

-- 1.4826 × the median absolute deviation estimates the standard deviation without minding the outliers
spreads as (

    select
        peers.rule_code,
        peers.round_code,
        peers.peer_group,
        1.4826 * median(abs(peers.figure - centres.centre)) as spread
    from peers
    inner join centres
        on
            peers.rule_code = centres.rule_code
            and peers.round_code = centres.round_code
            and peers.peer_group = centres.peer_group
    group by peers.rule_code, peers.round_code, peers.peer_group

),

-- too few peers, or peers of which most say the same, tell nothing about one that differs; where they lie close
-- together, what is within a quarter of their middle is no outlier
among_peers as (

    select
        peers.*,
        centres.centre
        - greatest(coalesce(peers.tolerance, 3.5) * spreads.spread, 0.25 * abs(centres.centre)) as low_value,
        centres.centre
        + greatest(coalesce(peers.tolerance, 3.5) * spreads.spread, 0.25 * abs(centres.centre)) as high_value,
        centres.n_peers >= coalesce(peers.absolute_floor, 8)
        and spreads.spread > 0
        and peers.figure is not null as is_comparable
    from peers
    inner join centres
        on
            peers.rule_code = centres.rule_code
            and peers.round_code = centres.round_code
            and peers.peer_group = centres.peer_group
    inner join spreads
        on
            peers.rule_code = spreads.rule_code
            and peers.round_code = spreads.round_code
            and peers.peer_group = spreads.peer_group

)

select
    rule_code,
    round_code,
    area_code,
    reporting_unit_code,
    operator,
    severity,
    holds_element,
    case
        when not is_known then 'did_not_run'
        when not is_comparable then 'no_data'
        when figure between low_value and high_value then 'pass'
        else 'fail'
    end as status,
    figure as left_value,
    cast(null as double) as right_value,
    case when is_comparable then low_value end as low_value,
    case when is_comparable then high_value end as high_value,
    is_sample
from among_peers
