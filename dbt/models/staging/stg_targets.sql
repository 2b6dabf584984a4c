with

source as (

    select * from {{ source('catalogue', 'targets') }}

),

renamed as (

    select
        indicator_code,
        area_code,
        period_code,
        operator,
        target,
        target_high,
        baseline_year,
        baseline_value,
        source_vi,
        status,
        try_cast(period_code as bigint) as target_year,
        coalesce(valid_from, cast('0001-01-01' as date)) as starts_on,
        coalesce(valid_to, cast('9999-12-31' as date)) as ends_on
    from source

)

select * from renamed
