with

source as (

    select * from {{ source('intake', 'entries') }}

),

renamed as (

    select
        entry_id,
        kind,
        round_code,
        period_code,
        area_code,
        reporting_unit_code,
        data_element_code,
        coalesce(category_code, '_T') as category_code,
        value,
        value_exact,
        value_text,
        coalesce(value_state, 'missing') as value_state,
        unit,
        expect,
        reason,
        said_by,
        channel,
        entered_at,
        entered_by,
        paper_sha256,
        paper_name,
        page,
        confirmed_at,
        withdrawn_at,
        coalesce(is_standing, true) as is_standing,
        is_sample
    from source

)

select * from renamed
