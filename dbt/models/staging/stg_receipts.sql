with

source as (

    select * from {{ source('intake', 'receipts') }}

),

renamed as (

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
    from source

)

select * from renamed
