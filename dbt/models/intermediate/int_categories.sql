-- One row per category with its name; a combination is named by its parts, totals left out.
select
    disaggregation_code,
    category_code,
    {{ joined_texts('part_name_vi', ' · ', 'dimension_position') }} as name_vi,
    {{ joined_texts('part_name_en', ' · ', 'dimension_position') }} as name_en,
    bool_or(is_combination) as is_combination
from {{ ref('int_category_dimensions') }}
group by disaggregation_code, category_code
