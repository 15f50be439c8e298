/*
 * migration_profile.c - the steps of the schema that give customer_profile further columns.
 */
#include "store_private.h"

/* The view as it was first, with `more` columns behind the others. */
#define PROFILE(more)                                                                              \
    "CREATE VIEW customer_profile AS SELECT"                                                       \
    " c.id AS customer, c.name, c.owner, c.timezone, c.first_seen, c.last_seen, s.as_of,"          \
    " s.first_day, s.last_day, s.days_since_last, s.active_days_30d, s.active_days_90d,"           \
    " s.legs_1d, s.legs_7d, s.legs_28d, s.legs_30d, s.legs_90d, s.seconds_1d, s.seconds_7d,"       \
    " s.seconds_28d, s.seconds_30d, s.seconds_90d, s.failed_1d, s.failed_7d, s.failed_28d,"        \
    " s.failed_30d, s.failed_90d, s.participants_30d, s.conferences_30d, s.features_30d,"          \
    " s.features_90d, s.dominant_feature, s.dominant_feature_share, s.dominant_quarter,"           \
    " s.dominant_quarter_share, s.office_share, s.evening_share, s.night_share,"                   \
    " s.weekend_share, s.persona, s.trend, s.rfm_r, s.rfm_f, s.rfm_m, s.rfm_segment,"              \
    " o.active_days_52w, o.expected_days_4w, o.expected_days_13w, o.silence_p, o.due_by,"          \
    " o.stage, o.stage_since, o.stage_back, o.usage_group" more                                    \
    " FROM customer c LEFT JOIN customer_stat s ON s.customer = c.id"                              \
    " LEFT JOIN customer_outlook o ON o.customer = c.id WHERE c.merged_into IS NULL"

/* Every customer has in words what would move it from its stage, as of the last pass. */
const char *const migration_stage[] = {
    "ALTER TABLE customer_outlook ADD COLUMN stage_back TEXT",
    /* Until the next pass, what was said when it came there. */
    "UPDATE customer_outlook SET stage_back = (SELECT back FROM stage_history h"
    " WHERE h.customer = customer_outlook.customer AND h.dimension = 'stage'"
    " ORDER BY h.id DESC LIMIT 1)",
    "DROP VIEW customer_profile",
    PROFILE(""),
    NULL,
};

/* Who has spoken with it, and does it wait for an answer? */
const char *const migration_talk[] = {
    "ALTER TABLE customer_outlook ADD COLUMN last_contact TEXT",
    "ALTER TABLE customer_outlook ADD COLUMN last_contact_kind TEXT",
    "ALTER TABLE customer_outlook ADD COLUMN last_contact_by TEXT",
    "ALTER TABLE customer_outlook ADD COLUMN days_since_contact INTEGER",
    "ALTER TABLE customer_outlook ADD COLUMN asked_since TEXT",
    "ALTER TABLE customer_outlook ADD COLUMN days_unanswered INTEGER",
    "DROP VIEW customer_profile",
    PROFILE(", o.last_contact, o.last_contact_kind, o.last_contact_by, o.days_since_contact,"
            " o.asked_since, o.days_unanswered"),
    "UPDATE analyst SET settings = ''", /* of all customers with the next pass */
    NULL,
};
