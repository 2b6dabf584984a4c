with

source as (

    select * from {{ source('catalogue', 'rounds') }}

),

renamed as (

    select
        round_code,
        criteria_set_code,
        level,
        period_code,
        data_year,
        coalesce(period_type, 'year') as period_type,
        request_number,
        period_start,
        period_end,
        cut_off,
        opens_on,
        coalesce(is_break, false) as is_break,
        break_reason_vi,
        break_reason_en,
        coalesce(is_retrospective, false) as is_retrospective,
        name_vi,
        name_en
    from source

)

select * from renamed
