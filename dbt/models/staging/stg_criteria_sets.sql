with

source as (

    select * from {{ source('catalogue', 'criteria_sets') }}

),

renamed as (

    select
        criteria_set_code,
        trend_min_years,
        forecast_min_years,
        forecast_horizon,
        forecast_level,
        valid_from,
        name_vi,
        legal_basis_vi,
        coalesce(valid_from, cast('0001-01-01' as date)) as starts_on,
        coalesce(valid_to, cast('9999-12-31' as date)) as ends_on
    from source

)

select * from renamed
