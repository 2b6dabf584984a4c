with

source as (

    select * from {{ source('catalogue', 'round_due_dates') }}

),

renamed as (

    select
        round_code,
        level,
        due_date,
        coalesce(inclusive, false) as inclusive
    from source

)

select * from renamed
