with

source as (

    select * from {{ source('catalogue', 'disaggregation_dimensions') }}

),

renamed as (

    select
        disaggregation_code,
        position,
        dimension_code
    from source

)

select * from renamed
