{#
    Instants and days. An engine's session stands in the offices' zone (profiles.yml); only DuckDB can be asked for
    a zone in the query, so that there a figure is right in every session.
#}

{# The instant at which a day begins where the offices are; deadlines are counted there, whatever the session's zone. #}
{% macro local_midnight(day) -%}
    {{ adapter.dispatch('local_midnight')(day) }}
{%- endmacro %}

{% macro duckdb__local_midnight(day) -%}
    (cast({{ day }} as timestamp) at time zone 'Asia/Ho_Chi_Minh')
{%- endmacro %}

{% macro spark__local_midnight(day) -%}
    cast({{ day }} as timestamp)
{%- endmacro %}

{# An instant as people there read it. #}
{% macro local_moment_text(moment) -%}
    {{ adapter.dispatch('local_moment_text')(moment) }}
{%- endmacro %}

{% macro duckdb__local_moment_text(moment) -%}
    strftime({{ moment }} at time zone 'Asia/Ho_Chi_Minh', '%H:%M %d/%m/%Y')
{%- endmacro %}

{% macro spark__local_moment_text(moment) -%}
    date_format({{ moment }}, 'HH:mm dd/MM/yyyy')
{%- endmacro %}

{# A deadline as people say it: 24:00 of the last day on which sending is on time. #}
{% macro deadline_text(due_at) -%}
    {{ adapter.dispatch('deadline_text')(due_at) }}
{%- endmacro %}

{% macro duckdb__deadline_text(due_at) -%}
    strftime(({{ due_at }} at time zone 'Asia/Ho_Chi_Minh') - interval 1 day, '24:00 %d/%m/%Y')
{%- endmacro %}

{% macro spark__deadline_text(due_at) -%}
    date_format({{ due_at }} - interval 1 day, '24:00 dd/MM/yyyy')
{%- endmacro %}
