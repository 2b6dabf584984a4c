with

source as (

    select * from {{ source('catalogue', 'data_elements') }}

),

renamed as (

    select
        data_element_code,
        criteria_set_code,
        indicator_code,
        sort_order,
        name_vi,
        name_en,
        unit,
        value_type,
        role,
        decimals,
        min_value,
        max_value,
        unit_aggregation,
        area_aggregation,
        disaggregation_code,
        status,
        valid_from,
        valid_to,
        coalesce(valid_from, cast('0001-01-01' as date)) as starts_on,
        coalesce(valid_to, cast('9999-12-31' as date)) as ends_on
    from source

)

select * from renamed
