-- One row per category with its name; a combination is named by its parts, totals left out.
select
    disaggregation_code,
    category_code,
    string_agg(part_name_vi, ' · ' order by dimension_position) as name_vi,
    string_agg(part_name_en, ' · ' order by dimension_position) as name_en,
    bool_or(is_combination) as is_combination
from {{ ref('int_category_dimensions') }}
group by disaggregation_code, category_code
