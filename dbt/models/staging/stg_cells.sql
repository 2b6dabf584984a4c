with

source as (

    select * from {{ source('intake', 'cells') }}

),

renamed as (

    select
        sha256,
        file_name,
        sheet,
        row as row_number,
        col as col_number,
        cell,
        raw_text,
        cell_type,
        role,
        submission_id,
        reporting_unit_code,
        area_code,
        form_code,
        round_code,
        period_code,
        data_element_code,
        case when data_element_code is not null then coalesce(category_code, '_T') end as category_code,
        value,
        value_exact,
        value_text,
        value_state,
        value_status,
        unit,
        source_text,
        note_text,
        unit_multiplier,
        obs_status,
        status_text,
        period_text,
        entered_how,
        is_sample,
        disposition,
        reason
    from source

)

select * from renamed
