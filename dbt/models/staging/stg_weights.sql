with

source as (

    select * from {{ source('catalogue', 'weights') }}

),

renamed as (

    select
        scheme_code,
        indicator_code,
        weight,
        goalpost_low,
        goalpost_high,
        valid_from,
        valid_to
    from source

)

select * from renamed
