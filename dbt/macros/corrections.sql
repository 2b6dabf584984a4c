{#
    What became of a correction: `settled` where the source says by now what the correction says, `applied` where it
    still holds what was corrected, else `source_changed`; `none` where there is no correction. Both relations hold
    `figure`, a zero as a number.
#}
{% macro correction_state(source, correction) -%}
    case
        when {{ correction }}.entry_id is null then 'none'
        when
            {{ source }}.figure = {{ correction }}.figure
            or (
                {{ source }}.figure is null
                and {{ correction }}.figure is null
                and {{ source }}.value_state = {{ correction }}.value_state
                and {{ source }}.value_text is not distinct from {{ correction }}.value_text
            ) then 'settled'
        when
            coalesce(trim({{ correction }}.expect), '') = coalesce(trim({{ source }}.raw_text), '')
            or trim({{ correction }}.expect) = trim({{ source }}.value_text)
            or abs(try_cast({{ correction }}.expect as double) - {{ source }}.figure) <= 1e-9 * abs({{ source }}.figure)
            then 'applied'
        else 'source_changed'
    end
{%- endmacro %}
