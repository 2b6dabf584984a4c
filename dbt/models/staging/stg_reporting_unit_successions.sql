with

source as (

    select * from {{ source('catalogue', 'reporting_unit_successions') }}

),

renamed as (

    select
        old_code,
        new_code,
        date as succession_date
    from source

)

select * from renamed
