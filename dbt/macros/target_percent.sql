{#
    Percent of what must be reached, between `low` and `high` of which one may be null: more than 100 where there is
    only one and it is passed, null where a sign leaves no share to tell.
#}
{% macro target_percent(value, low, high) -%}
    case
        when {{ value }} < {{ low }} then case when {{ value }} >= 0 then 100 * {{ value }} / {{ low }} end
        when {{ value }} > {{ high }} then case when {{ high }} >= 0 then 100 * {{ high }} / {{ value }} end
        when {{ high }} is null and {{ low }} > 0 then 100 * {{ value }} / {{ low }}
        when {{ low }} is null and {{ value }} > 0 then 100 * {{ high }} / {{ value }}
        else 100
    end
{%- endmacro %}
