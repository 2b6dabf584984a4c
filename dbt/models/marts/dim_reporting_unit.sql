select
    {{ surrogate_key(['reporting_unit_code'], ['valid_from']) }} as reporting_unit_key,
    reporting_unit_code,
    name_vi,
    name_en,
    level,
    area_code,
    unit_type,
    is_focal,
    valid_from,
    valid_to
from {{ ref('stg_reporting_units') }}
