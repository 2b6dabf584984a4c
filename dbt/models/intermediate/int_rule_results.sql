-- Gate 2, rules over figures.
{{ config(materialized='view', meta={'by_area': ['int_formula_results', 'int_peer_results']}) }}

select * from {{ ref('int_formula_results') }}
union all
select * from {{ ref('int_peer_results') }}
