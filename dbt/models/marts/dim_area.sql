select
    {{ surrogate_key(['area_code'], ['valid_from']) }} as area_key,
    area_code,
    name_vi,
    name_en,
    area_type,
    level,
    parent_code,
    valid_from,
    valid_to
from {{ ref('stg_areas') }}
