{# Rows of `model` share no combination of `columns`; nulls are a value of their own. Hashes are looked at first. #}
{% test unique_combination(model, columns) %}

select
    {{ columns | join(',\n    ') }},
    count(*) as n_rows
from {{ model }}
where (select count(distinct hash({{ columns | join(', ') }})) < count(*) from {{ model }})
group by {{ columns | join(', ') }}
having count(*) > 1

{% endtest %}
