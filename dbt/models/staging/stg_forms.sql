with

source as (

    select * from {{ source('catalogue', 'forms') }}

),

renamed as (

    select
        form_code,
        form_version,
        criteria_set_code,
        level,
        period_type,
        name_vi,
        valid_from,
        valid_to,
        coalesce(valid_from, cast('0001-01-01' as date)) as starts_on,
        coalesce(valid_to, cast('9999-12-31' as date)) as ends_on
    from source

)

select * from renamed
