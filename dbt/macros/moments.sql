{#
    Instants and days where the offices are, whatever the zone of DuckDB's session; Spark's session stands in that zone
    (profiles.yml), for Spark cannot be asked for another one.
#}

{# The instant at which a day begins where the offices are; deadlines are counted there. #}
{% macro local_midnight(day) -%}
    {%- if target.type == 'spark' -%}
        cast({{ day }} as timestamp)
    {%- else -%}
        (cast({{ day }} as timestamp) at time zone 'Asia/Ho_Chi_Minh')
    {%- endif -%}
{%- endmacro %}

{# An instant as people there read it. #}
{% macro local_moment_text(moment) -%}
    {%- if target.type == 'spark' -%}
        date_format({{ moment }}, 'HH:mm dd/MM/yyyy')
    {%- else -%}
        strftime({{ moment }} at time zone 'Asia/Ho_Chi_Minh', '%H:%M %d/%m/%Y')
    {%- endif -%}
{%- endmacro %}

{# A deadline as people say it: 24:00 of the last day on which sending is on time. #}
{% macro deadline_text(due_at) -%}
    {%- if target.type == 'spark' -%}
        '24:00 ' || date_format({{ due_at }} - interval 1 day, 'dd/MM/yyyy')
    {%- else -%}
        strftime(({{ due_at }} at time zone 'Asia/Ho_Chi_Minh') - interval 1 day, '24:00 %d/%m/%Y')
    {%- endif -%}
{%- endmacro %}
