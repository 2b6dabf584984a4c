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
