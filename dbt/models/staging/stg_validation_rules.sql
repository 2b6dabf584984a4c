with

source as (

    select * from {{ source('catalogue', 'validation_rules') }}

),

renamed as (

    select
        source.rule_code,
        source.criteria_set_code,
        source.stage,
        source.kind,
        source.left as left_side,
        source.operator,
        source.right as right_side,
        source.missing_strategy,
        source.tolerance,
        source.absolute_floor,
        source.holds_element,
        source.severity,
        source.message_vi,
        source.message_en,
        source.advice_vi,
        source.advice_en,
        source.valid_from,
        source.valid_to,
        coalesce(source.valid_from, cast('0001-01-01' as date)) as starts_on,
        coalesce(source.valid_to, cast('9999-12-31' as date)) as ends_on
    from source

)

select * from renamed
