with

source as (

    select * from {{ source('catalogue', 'disaggregations') }}

),

renamed as (

    select
        disaggregation_code,
        name_vi,
        name_en
    from source

)

select * from renamed
