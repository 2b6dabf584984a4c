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
        successions.share
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
        true as is_self
    from areas
    union all
    select
        lineage.area_code,
        lineage.starts_on,
        steps.old_code as member_code,
        steps.old_starts_on as member_starts_on,
        steps.old_ends_on as member_ends_on,
        lineage.share * steps.share as share,
        false as is_self
    from lineage
    inner join steps
        on lineage.member_code = steps.new_code and lineage.member_starts_on = steps.new_starts_on

)

select
    lineage.area_code,
    lineage.starts_on,
    areas.name_vi as area_name,
    areas.level as area_level,
    areas.ends_on = cast('9999-12-31' as date) as is_of_today,
    lineage.member_code,
    lineage.member_starts_on,
    lineage.member_ends_on,
    lineage.share,
    lineage.is_self
from lineage
inner join areas on lineage.area_code = areas.area_code and lineage.starts_on = areas.starts_on
