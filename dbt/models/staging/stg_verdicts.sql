with

source as (

    select * from {{ source('intake', 'verdicts') }}

),

renamed as (

    select
        verdict_id,
        rule_code,
        reporting_unit_code,
        area_code,
        period_code,
        data_element_code,
        category_code,
        observed,
        verdict,
        reason,
        decided_by,
        decided_at,
        is_sample
    from source

)

select * from renamed
