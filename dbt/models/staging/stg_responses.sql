with

source as (

    select * from {{ source('intake', 'responses') }}

),

renamed as (

    select
        response_id,
        rule_code,
        reporting_unit_code,
        area_code,
        period_code,
        data_element_code,
        category_code,
        observed,
        text,
        answered_by,
        answered_at,
        how,
        is_sample
    from source

)

select * from renamed
