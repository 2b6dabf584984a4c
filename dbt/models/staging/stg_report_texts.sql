with

source as (

    select * from {{ source('intake', 'report_texts') }}

),

renamed as (

    select
        text_id,
        round_code,
        section,
        text,
        written_by,
        written_at,
        is_sample
    from source

)

select * from renamed
