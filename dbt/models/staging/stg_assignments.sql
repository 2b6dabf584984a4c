with

source as (

    select * from {{ source('catalogue', 'assignments') }}

),

renamed as (

    select
        reporting_unit_code,
        data_element_code,
        form_code,
        role,
        status,
        valid_from,
        valid_to,
        coalesce(valid_from, cast('0001-01-01' as date)) as starts_on,
        coalesce(valid_to, cast('9999-12-31' as date)) as ends_on
    from source

)

select * from renamed
