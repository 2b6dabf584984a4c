with

source as (

    select * from {{ source('catalogue', 'area_successions') }}

),

renamed as (

    select
        old_code,
        new_code,
        date as succession_date,
        case when basis = 'whole' then coalesce(share, 1.0) else share end as share,
        basis
    from source

)

select * from renamed
