-- What files say now: of all current submissions of a unit, whatever their form, the figure that came last.
with

ranked as (

    select
        *,
        row_number() over (partition by reported_value_key order by received_at desc, submission_id asc) as place
    from {{ ref('int_reported_values') }}
    where is_current

)

select * exclude (place, replaced_at)
from ranked
where place = 1
