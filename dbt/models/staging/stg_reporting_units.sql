with

source as (

    select * from {{ source('catalogue', 'reporting_units') }}

),

renamed as (

    select
        reporting_unit_code,
        name_vi,
        name_en,
        level,
        area_code,
        unit_type,
        coalesce(is_focal, false) as is_focal,
        valid_from,
        valid_to,
        coalesce(valid_from, cast('0001-01-01' as date)) as starts_on,
        coalesce(valid_to, cast('9999-12-31' as date)) as ends_on
    from source

)

select * from renamed
