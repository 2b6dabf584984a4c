with

source as (

    select * from {{ source('catalogue', 'indicators') }}

),

renamed as (

    select
        indicator_code,
        criteria_set_code,
        parent_code,
        node_type,
        sort_order,
        name_vi,
        name_en,
        unit,
        value_type,
        direction,
        numerator,
        denominator,
        multiplier,
        area_aggregation,
        decimals,
        definition_vi,
        method_vi,
        source_vi,
        status,
        unit_status,
        direction_status,
        value_type_status,
        formula_status,
        confirmed_by,
        confirmed_at,
        valid_from,
        valid_to,
        coalesce(valid_from, cast('0001-01-01' as date)) as starts_on,
        coalesce(valid_to, cast('9999-12-31' as date)) as ends_on
    from source

)

select * from renamed
