select
    {{ surrogate_key(['disaggregation_code', 'category_code', 'dimension_code']) }} as category_dimension_key,
    disaggregation_code,
    category_code,
    dimension_position,
    dimension_code,
    dimension_name_vi,
    dimension_name_en,
    part_code as dimension_category_code,
    part_name_vi as dimension_category_name_vi,
    part_name_en as dimension_category_name_en
from {{ ref('int_category_dimensions') }}
