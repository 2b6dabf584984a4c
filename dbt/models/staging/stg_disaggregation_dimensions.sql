with

source as (

    select * from {{ source('catalogue', 'disaggregation_dimensions') }}

),

renamed as (

    select
        disaggregation_code,
        position as dimension_position,
        dimension_code
    from source

)

select * from renamed
