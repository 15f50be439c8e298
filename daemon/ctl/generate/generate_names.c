/*
 * generate_names.c - names of features, services, regions, customers and people.
 */
#include "generate_world.h"

const char *const world_features[WORLD_FEATURES] = {
    "recording",        "screen_share", "chat",           "captions",   "breakout",
    "whiteboard",       "polls",        "dial_out",       "background", "operator_assist",
    "live_translation", "reactions",    "e2e_encryption",
};
const char *const world_services[WORLD_SERVICES] = {"operator", "technical", "billing", "sales"};
const char *const world_regions[WORLD_ZONES] = {"us-west",  "us-east",     "sa-east",
                                                "eu-west",  "eu-central",  "eu-east",
                                                "ap-south", "ap-northeast"};
const int world_zone_minutes[WORLD_ZONES] = {-480, -300, -180, 0, 60, 120, 330, 540};

/* Every 37th customer is written the way real customers are: what separators, quotes and
 * encodings meet sooner or later. */
static const char *const awkward[] = {
    "M\xC3\xBCller & S\xC3\xB6hne ",
    "Acme, Inc. ",
    "The \"Live\" Show ",
    "\xE6\x97\xA5\xE6\x9C\xAC\xE4\xBC\x9A\xE8\xAD\xB0 ",
    "100% Fit; Gym ",
    "a:b/c\\d ",
    "Caf\xC3\xA9 {n} \xF0\x9F\x8E\xA7 ",
};

static const char *const first_names[32] = {
    "anna", "ben",   "carla", "david", "elena", "felix", "grace", "hugo",  "ines", "jonas", "kira",
    "liam", "maria", "noah",  "olga",  "paul",  "quinn", "rosa",  "samir", "tara", "umar",  "vera",
    "wei",  "xenia", "yusuf", "zoe",   "akira", "bruno", "chloe", "deniz", "emma", "farid"};
static const char *const last_names[32] = {
    "adams", "bauer",  "costa", "dubois", "evans", "fischer", "garcia", "haas",
    "ito",   "jensen", "khan",  "lopez",  "meyer", "nguyen",  "okafor", "patel",
    "quist", "rossi",  "sato",  "tanaka", "ueda",  "vogel",   "weber",  "xu",
    "young", "zhang",  "silva", "moreau", "novak", "olsen",   "petrov", "ruiz"};

void
world_customer_name(struct buf *out, uint32_t customer)
{
    char digits[12];
    uint32_t v = customer + 1;
    int n = 0;

    if (customer % 37 == 36) {
        buf_str(out, awkward[customer / 37 % (sizeof awkward / sizeof *awkward)]);
        buf_u64(out, customer + 1);
        return;
    }
    for (; v > 0 || n < 5; v /= 10)
        digits[sizeof digits - ++n] = (char)('0' + v % 10);
    digits[sizeof digits - ++n] = 'C';
    buf_add(out, digits + sizeof digits - n, (size_t)n);
}

void
world_person_name(struct buf *out, uint32_t customer, uint32_t person)
{
    uint64_t h;

    if (person & PERSON_GUEST) {
        buf_str(out, "+1555");
        buf_u64(out, 1000000 + (person & ~PERSON_GUEST));
        return;
    }
    h = dice_mix(((uint64_t)customer << 32) + person + 1);
    buf_str(out, first_names[h & 31]);
    buf_char(out, '.');
    buf_str(out, last_names[h >> 5 & 31]);
    buf_u64(out, person); /* makes it one person's among this customer's */
    buf_str(out, "@c");
    buf_u64(out, customer + 1);
    buf_str(out, ".example");
}

const char *
world_trend_name(enum trend t)
{
    static const char *const names[] = {"steady", "growing", "shrinking", "churned", "new"};

    return names[t];
}

const char *
world_cause_name(const struct world_surge *s)
{
    static const char *const names[SURGE_CAUSES] = {"feature", "region", "outcome", "volume"};

    return names[s->cause];
}

const char *
world_cause_element(const struct world_surge *s)
{
    switch (s->cause) {
    case SURGE_FEATURE:
        return world_features[s->element];
    case SURGE_REGION:
        return world_regions[s->element];
    case SURGE_OUTCOME:
        return "failed";
    default:
        return "all";
    }
}
