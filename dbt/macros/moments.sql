{# The instant at which a day begins where the offices are; deadlines are counted there, whatever the session's zone. #}
{% macro local_midnight(day) -%}
    (cast({{ day }} as timestamp) at time zone 'Asia/Ho_Chi_Minh')
{%- endmacro %}

{# An instant as people there read it. #}
{% macro local_moment_text(moment) -%}
    strftime({{ moment }} at time zone 'Asia/Ho_Chi_Minh', '%H:%M %d/%m/%Y')
{%- endmacro %}

{# A deadline as people say it: 24:00 of the last day on which sending is on time. #}
{% macro deadline_text(due_at) -%}
    strftime(({{ due_at }} at time zone 'Asia/Ho_Chi_Minh') - interval 1 day, '24:00 %d/%m/%Y')
{%- endmacro %}
