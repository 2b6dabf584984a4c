with

source as (

    select * from {{ source('catalogue', 'report_recipients') }}

),

renamed as (

    select
        criteria_set_code,
        level,
        addressee_vi,
        recipients_vi,
        coalesce(valid_from, cast('0001-01-01' as date)) as starts_on,
        coalesce(valid_to, cast('9999-12-31' as date)) as ends_on
    from source

)

select * from renamed
