{#
    What DuckDB and Spark write differently and the models need; all else in them reads the same on both. An instant and
    a number as text are in moments.sql and number_text.sql.
#}

{# The type of an instant. #}
{% macro instant() -%}
    {{ 'timestamp' if target.type == 'spark' else 'timestamp with time zone' }}
{%- endmacro %}

{# Texts of a group in one, in an order; what is null is left out. #}
{% macro joined_texts(text, separator, order_by) -%}
    {%- if target.type == 'spark' -%}
        string_agg({{ text }}, '{{ separator }}') within group (order by {{ order_by }})
    {%- else -%}
        string_agg({{ text }}, '{{ separator }}' order by {{ order_by }})
    {%- endif -%}
{%- endmacro %}

{# The different texts of a group in one, in their own order; Spark 4.3 fails on string_agg beside count(distinct …). #}
{% macro distinct_texts(text, separator) -%}
    {%- if target.type == 'spark' -%}
        case when count({{ text }}) > 0 then array_join(array_sort(collect_set({{ text }})), '{{ separator }}') end
    {%- else -%}
        string_agg(distinct {{ text }}, '{{ separator }}' order by {{ text }})
    {%- endif -%}
{%- endmacro %}

{#
    The sum of doubles, from the least to the greatest: adding rounds, so in the order in which threads come to the rows
    two builds of the same rows would differ in the last bit. Null where there is none, as with sum().
#}
{% macro ordered_sum(value) -%}
    {%- if target.type == 'spark' -%}
        case when count({{ value }}) > 0 then
            aggregate(array_sort(collect_list({{ value }})), cast(0 as double), (total, next) -> total + next)
        end
    {%- else -%}
        list_sum(list_sort(list({{ value }}) filter (where {{ value }} is not null)))
    {%- endif -%}
{%- endmacro %}
