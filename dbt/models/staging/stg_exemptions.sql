with

source as (

    select * from {{ source('intake', 'exemptions') }}

),

renamed as (

    select
        exemption_id,
        reporting_unit_code,
        area_code,
        form_code,
        round_code,
        kind,
        until,
        reason,
        decided_by,
        decided_at,
        withdrawn_at,
        coalesce(is_standing, true) as is_standing,
        is_sample
    from source

)

select * from renamed
