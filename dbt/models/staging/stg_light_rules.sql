with

source as (

    select * from {{ source('catalogue', 'light_rules') }}

),

renamed as (

    select
        criteria_set_code,
        light,
        sort_order,
        measure,
        at_least,
        name_vi,
        name_en,
        coalesce(valid_from, cast('0001-01-01' as date)) as starts_on,
        coalesce(valid_to, cast('9999-12-31' as date)) as ends_on
    from source

)

select * from renamed
