select
    receipt_id,
    sha256,
    file_name,
    size_bytes,
    received_at,
    sender,
    channel,
    status,
    reason,
    is_sample
from {{ ref('stg_receipts') }}
