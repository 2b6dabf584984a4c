with

source as (

    select * from {{ source('catalogue', 'formula_terms') }}

),

renamed as (

    select
        owner_type,
        owner_code,
        side,
        part,
        term_number,
        combine,
        data_element_code,
        coalesce(category_code, '_T') as category_code,
        coefficient,
        coalesce(lag, 0) as lag,
        coalesce(level, 0) as level,
        valid_from,
        valid_to,
        coalesce(valid_from, cast('0001-01-01' as date)) as starts_on,
        coalesce(valid_to, cast('9999-12-31' as date)) as ends_on
    from source

)

select * from renamed
