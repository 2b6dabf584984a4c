{#
    What DuckDB and Spark write differently and the models need; all else in them reads the same on both. A day or a
    number as text is in moments.sql and number_text.sql.
#}

{# The type of an instant. #}
{% macro instant() -%}
    {{ adapter.dispatch('instant')() }}
{%- endmacro %}

{% macro duckdb__instant() -%} timestamp with time zone {%- endmacro %}

{% macro spark__instant() -%} timestamp {%- endmacro %}

{# Texts of a group in one, in an order; what is null is left out. #}
{% macro joined_texts(texts, separator, order_by) -%}
    {{ adapter.dispatch('joined_texts')(texts, separator, order_by) }}
{%- endmacro %}

{% macro duckdb__joined_texts(texts, separator, order_by) -%}
    string_agg({{ texts }}, '{{ separator }}' order by {{ order_by }})
{%- endmacro %}

{% macro spark__joined_texts(texts, separator, order_by) -%}
    string_agg({{ texts }}, '{{ separator }}') within group (order by {{ order_by }})
{%- endmacro %}

{# The different texts of a group in one, in their own order. #}
{% macro distinct_texts(text, separator) -%}
    {{ adapter.dispatch('distinct_texts')(text, separator) }}
{%- endmacro %}

{% macro duckdb__distinct_texts(text, separator) -%}
    string_agg(distinct {{ text }}, '{{ separator }}' order by {{ text }})
{%- endmacro %}

{#- Spark 4.3 fails on an ordered string_agg of distinct texts beside a count of distinct ones. -#}
{% macro spark__distinct_texts(text, separator) -%}
    case when count({{ text }}) > 0 then array_join(array_sort(collect_set({{ text }})), '{{ separator }}') end
{%- endmacro %}

{#
    Spark: the sources as views over the build's inputs, before the models are built:
    dbt run-operation register_sources --target spark
#}
{% macro register_sources() -%}
    {%- for one in graph.sources.values() -%}
        {%- set folder = env_var('KHO_INPUTS', 'inputs') ~ ('/catalogue' if one.source_name == 'catalogue' else '') -%}
        {%- do run_query('create schema if not exists ' ~ one.schema) -%}
        {%- do run_query(
            'create or replace view ' ~ one.schema ~ '.' ~ one.identifier
            ~ ' as select * from parquet.`' ~ folder ~ '/' ~ one.name ~ '.parquet`'
        ) -%}
    {%- endfor -%}
{%- endmacro %}
