{#
    A rule's words with its placeholders filled; what is not known shows as a dash, and a finding that did not
    fail has no words. Text from files goes in last, so that it is never read as a template.
#}
{% macro filled_in(template, element_name, language='vi') -%}
    {%- set suffix = '' if language == 'vi' else '_' ~ language -%}
    {%- set values = [
        ('data_element_code', 'data_element_code'),
        ('indicator_code', 'indicator_code'),
        ('period_code', 'period_code'),
        ('element_name', element_name),
        ('reporting_unit_name', 'reporting_unit_name'),
        ('area_name', 'area_name'),
        ('due', 'due'),
        ('received', 'received'),
        ('expected', 'expected' ~ suffix),
        ('observed', 'observed' ~ suffix),
        ('said_by', 'said_by'),
        ('reason', 'reason'),
    ] -%}
    {%- set text = namespace(sql=template) -%}
    {%- for name, column in values -%}
        {%- set text.sql = "replace(" ~ text.sql ~ ", '{" ~ name ~ "}', coalesce(" ~ column ~ ", '–'))" -%}
    {%- endfor -%}
    case when status = 'fail' then {{ text.sql }} end
{%- endmacro %}
