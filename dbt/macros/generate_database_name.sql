{# On DuckDB the marts lie in a file of their own, which the profile attaches. #}
{% macro generate_database_name(custom_database_name=none, node=none) -%}
    {{ return('kho' if target.type == 'duckdb' and node.config.schema == 'marts' else target.database) }}
{%- endmacro %}
