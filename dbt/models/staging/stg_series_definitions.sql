with

source as (

    select * from {{ source('catalogue', 'series_definitions') }}

),

renamed as (

    select
        round_code,
        owner_type,
        owner_code,
        definition_number,
        is_break,
        comparable_from,
        break_reason_vi,
        break_reason_en,
        note_vi,
        note_en
    from source

)

select * from renamed
