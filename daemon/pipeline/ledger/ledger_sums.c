/*
 * ledger_sums.c - row_checksum(...), the SQL function.
 */
#include "ledger_sums.h"

#include "hash.h"

/* A type counts as well as its value. But a blob counts as the number that is its own checksum:
 * that is what rows of layout 1 have of theirs (ledger_layout.c). */
static uint64_t
add_value(uint64_t sum, sqlite3_value *value)
{
    int type = sqlite3_value_type(value);
    uint64_t number;

    switch (type) {
    case SQLITE_TEXT: {
        const void *p = sqlite3_value_text(value);

        return hash_bytes(p, (size_t)sqlite3_value_bytes(value), sum + SQLITE_TEXT);
    }
    case SQLITE_BLOB: {
        const void *p = sqlite3_value_blob(value);

        number = hash_checksum(p, (size_t)sqlite3_value_bytes(value));
        type = SQLITE_INTEGER;
        break;
    }
    default: /* a number; or none, which reads as 0 */
        number = (uint64_t)sqlite3_value_int64(value);
    }
    return hash_bytes(&number, sizeof number, sum + (uint64_t)type);
}

static void
row_checksum(sqlite3_context *out, int n, sqlite3_value **values)
{
    uint64_t sum = 0;

    for (int i = 0; i < n; i++)
        sum = add_value(sum, values[i]);
    sqlite3_result_int64(out, (int64_t)sum);
}

enum status
ledger_offer_sums(sqlite3 *db, struct error *err)
{
    if (sqlite3_create_function_v2(db, "row_checksum", -1, SQLITE_UTF8 | SQLITE_DETERMINISTIC, NULL,
                                   row_checksum, NULL, NULL, NULL) != SQLITE_OK)
        return sql_fail(db, "row_checksum", err);
    return ST_OK;
}
