-- Each version of a reporting unit with itself and the units whose work it took over. What a unit handed to several, or
-- handed over while it went on, has no known share.
with recursive

units as (

    select
        reporting_unit_code,
        starts_on,
        ends_on,
        lag(starts_on) over (partition by reporting_unit_code order by starts_on) as previous_starts_on
    from {{ ref('stg_reporting_units') }}

),

told as (

    select
        successions.new_code,
        new_units.starts_on as new_starts_on,
        successions.old_code,
        old_units.starts_on as old_starts_on,
        successions.succession_date,
        case
            when
                old_units.ends_on < successions.succession_date
                and count(*) over (partition by successions.old_code, successions.succession_date) = 1
                then cast(1.0 as double)
        end as share
    from {{ ref('stg_reporting_unit_successions') }} as successions
    inner join units as new_units
        on
            successions.new_code = new_units.reporting_unit_code
            and successions.succession_date between new_units.starts_on and new_units.ends_on
    inner join units as old_units
        on
            successions.old_code = old_units.reporting_unit_code
            and successions.succession_date - 1 between old_units.starts_on and old_units.ends_on
    where successions.old_code <> successions.new_code or old_units.starts_on <> new_units.starts_on

),

-- the next row of a code is the same unit, unless it is told where the work went
kept as (

    select
        later.reporting_unit_code as new_code,
        later.starts_on as new_starts_on,
        earlier.reporting_unit_code as old_code,
        earlier.starts_on as old_starts_on,
        later.starts_on as succession_date,
        cast(1.0 as double) as share
    from units as later
    inner join units as earlier
        on
            later.reporting_unit_code = earlier.reporting_unit_code
            and later.previous_starts_on = earlier.starts_on
    left join {{ ref('stg_reporting_unit_successions') }} as successions
        on
            earlier.reporting_unit_code = successions.old_code
            and successions.succession_date between earlier.starts_on + 1 and later.starts_on
    where successions.old_code is null

),

steps as (

    select
        *,
        count(*) over (partition by new_code, new_starts_on) as n_into_version
    from (
        select * from told
        union all
        select * from kept
    ) as both_kinds

),

lineage as (

    select
        reporting_unit_code,
        starts_on,
        cast(null as date) as joined_on,
        reporting_unit_code as member_code,
        starts_on as member_starts_on,
        cast('9999-12-31' as date) as left_on,
        cast(1.0 as double) as share,
        true as is_same
    from units
    union all
    select
        lineage.reporting_unit_code,
        lineage.starts_on,
        coalesce(lineage.joined_on, steps.succession_date) as joined_on,
        steps.old_code as member_code,
        steps.old_starts_on as member_starts_on,
        steps.succession_date as left_on,
        lineage.share * steps.share as share,
        lineage.is_same
        and coalesce(steps.share = 1, false)
        and (steps.old_code = steps.new_code or steps.n_into_version = 1)
        and steps.succession_date = steps.new_starts_on as is_same
    from lineage
    inner join steps
        on
            lineage.member_code = steps.new_code
            and lineage.member_starts_on = steps.new_starts_on
            -- what joins later than its holder left is no part of it; and so this ends
            and lineage.left_on > steps.succession_date

)

select
    lineage.reporting_unit_code,
    lineage.starts_on,
    holders.ends_on = cast('9999-12-31' as date) as is_of_today,
    lineage.joined_on,
    lineage.member_code,
    lineage.member_starts_on,
    least(members.ends_on, min(lineage.left_on - 1)) as member_ends_on,
    case when count(lineage.share) = count(*) then {{ ordered_sum('lineage.share') }} end as share,
    bool_and(lineage.is_same) as is_same
from lineage
inner join units as holders
    on lineage.reporting_unit_code = holders.reporting_unit_code and lineage.starts_on = holders.starts_on
inner join units as members
    on lineage.member_code = members.reporting_unit_code and lineage.member_starts_on = members.starts_on
group by
    lineage.reporting_unit_code,
    lineage.starts_on,
    holders.ends_on,
    lineage.joined_on,
    lineage.member_code,
    lineage.member_starts_on,
    members.ends_on
