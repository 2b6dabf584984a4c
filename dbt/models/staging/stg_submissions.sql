with

source as (

    select * from {{ source('intake', 'submissions') }}

),

renamed as (

    select
        submission_id,
        sha256,
        file_name,
        reporting_unit_code,
        area_code,
        form_code,
        form_version,
        round_code,
        period_code,
        received_at,
        coalesce(counts_from, received_at) as counts_from,
        signed_copy,
        coalesce(blocked, false) as blocked,
        entered_how,
        is_sample
    from source

)

select * from renamed
