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
        valid_from
    from source

)

select * from renamed
