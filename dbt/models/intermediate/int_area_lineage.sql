-- Each version of an area with itself and all that it was made from; a share is null where it was never published.
with recursive

areas as (

    select
        area_code,
        name_vi,
        level,
        starts_on,
        ends_on
    from {{ ref('stg_areas') }}

),

steps as (

    select
        new_areas.area_code as new_code,
        new_areas.starts_on as new_starts_on,
        old_areas.area_code as old_code,
        old_areas.starts_on as old_starts_on,
        old_areas.ends_on as old_ends_on,
        successions.share,
        -- all of one area and nothing else: another name or kind, the same ground
        coalesce(
            successions.share = 1
            and count(*) over (partition by new_areas.area_code, new_areas.starts_on) = 1,
            false
        ) as is_same
    from {{ ref('stg_area_successions') }} as successions
    inner join areas as new_areas
        on
            successions.new_code = new_areas.area_code
            and successions.succession_date between new_areas.starts_on and new_areas.ends_on
    inner join areas as old_areas
        on
            successions.old_code = old_areas.area_code
            and successions.succession_date - 1 between old_areas.starts_on and old_areas.ends_on
    -- a succession within one version says nothing new, and would never end
    where old_areas.ends_on < new_areas.starts_on

),

lineage as (

    select
        area_code,
        starts_on,
        area_code as member_code,
        starts_on as member_starts_on,
        ends_on as member_ends_on,
        cast(1.0 as double) as share,
        true as is_same
    from areas
    union all
    select
        lineage.area_code,
        lineage.starts_on,
        steps.old_code as member_code,
        steps.old_starts_on as member_starts_on,
        steps.old_ends_on as member_ends_on,
        lineage.share * steps.share as share,
        lineage.is_same and steps.is_same as is_same
    from lineage
    inner join steps
        on lineage.member_code = steps.new_code and lineage.member_starts_on = steps.new_starts_on

),

-- what was split and came together again arrives by several ways; one way of unknown share leaves the whole unknown
members as (

    select
        area_code,
        starts_on,
        member_code,
        member_starts_on,
        member_ends_on,
        case when count(share) = count(*) then {{ ordered_sum('share') }} end as share,
        bool_and(is_same) as is_same
    from lineage
    group by area_code, starts_on, member_code, member_starts_on, member_ends_on

)

select
    members.area_code,
    members.starts_on,
    areas.name_vi as area_name,
    areas.level as area_level,
    areas.ends_on = cast('9999-12-31' as date) as is_of_today,
    members.member_code,
    members.member_starts_on,
    members.member_ends_on,
    members.share,
    members.is_same,
    -- since when the ground is what it is, where it was another before
    case
        when not bool_and(members.is_same) over (partition by members.area_code, members.starts_on)
            then
                min(case when members.is_same then members.member_starts_on end) over (
                    partition by members.area_code, members.starts_on
                )
    end as made_on
from members
inner join areas on members.area_code = areas.area_code and members.starts_on = areas.starts_on
