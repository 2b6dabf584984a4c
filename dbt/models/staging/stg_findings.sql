with

source as (

    select * from {{ source('intake', 'findings') }}

),

renamed as (

    select
        finding_id,
        rule_code,
        stage,
        status,
        severity,
        sha256,
        file_name,
        sheet,
        cell,
        submission_id,
        reporting_unit_code,
        area_code,
        round_code,
        period_code,
        indicator_code,
        data_element_code,
        category_code,
        observed,
        expected,
        message_vi,
        message_en,
        advice_vi,
        advice_en,
        is_sample
    from source

)

select * from renamed
