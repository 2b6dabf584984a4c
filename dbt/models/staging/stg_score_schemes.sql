with

source as (

    select * from {{ source('catalogue', 'score_schemes') }}

),

renamed as (

    select
        scheme_code,
        criteria_set_code,
        name_vi,
        name_en,
        normalisation,
        aggregation,
        scale_low,
        scale_high,
        scale_mean,
        scale_deviation,
        min_coverage,
        ranks_areas,
        valid_from,
        valid_to,
        coalesce(valid_from, cast('0001-01-01' as date)) as starts_on,
        coalesce(valid_to, cast('9999-12-31' as date)) as ends_on
    from source

)

select * from renamed
