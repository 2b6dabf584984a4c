{# On DuckDB the marts lie in a file of their own, which the profile attaches. #}
{% macro duckdb__generate_database_name(custom_database_name=none, node=none) -%}
    {{ return('kho' if node.config.schema == 'marts' else target.database) }}
{%- endmacro %}
