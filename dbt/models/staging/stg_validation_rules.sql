with

source as (

    select * from {{ source('catalogue', 'validation_rules') }}

),

renamed as (

    select
        rule_code,
        criteria_set_code,
        stage,
        kind,
        "left" as left_side,
        operator,
        "right" as right_side,
        missing_strategy,
        tolerance,
        absolute_floor,
        holds_element,
        severity,
        message_vi,
        message_en,
        advice_vi,
        advice_en,
        valid_from,
        valid_to,
        coalesce(valid_from, cast('0001-01-01' as date)) as starts_on,
        coalesce(valid_to, cast('9999-12-31' as date)) as ends_on
    from source

)

select * from renamed
