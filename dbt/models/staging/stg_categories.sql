with

source as (

    select * from {{ source('catalogue', 'categories') }}

),

renamed as (

    select
        disaggregation_code,
        category_code,
        name_vi,
        name_en,
        sort_order
    from source

)

select * from renamed
