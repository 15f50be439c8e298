/*
 * test_why.c - is what was planted found, and nothing where nothing was?
 *
 * A customer's conferences are drawn day by day: how many by a negative binomial law with a quiet
 * weekend, features and sizes by conference, regions, kinds of people, hours and outcomes by leg.
 */
#include "why.h"

#include "draw.h"
#include "test.h"

#define DAYS   35
#define PERIOD 7

enum { FEATURE, SIZE, REGION, PEOPLE, HOURS, OUTCOME, DIMENSIONS };
#define PARTS 6

static const char *const names[DIMENSIONS] = {"feature", "conference size", "region",
                                              "people",  "hours",           "outcome"};
static const char *const parts[DIMENSIONS][PARTS] = {
    {"captions", "chat", "dial-out", "recording", "screenshare", "video"},
    {"1-2", "3-5", "6-10", "11-25", "26+", "not known"},
    {"apac", "eu-central", "eu-west", "latam", "us-east", "us-west"},
    {"external", "internal", "telephone"},
    {"00-06", "06-12", "12-18", "18-24"},
    {"failed", "ok"},
};
static const unsigned part_count[DIMENSIONS] = {6, 6, 6, 3, 4, 2};
static const double usual_share[DIMENSIONS][PARTS] = {
    {0.03, 0.16, 0.05, 0.10, 0.22, 0.16}, /* features: each of its own */
    {0.45, 0.33, 0.12, 0.06, 0.03, 0.01}, /* of conferences: large ones have most of the legs */
    {0.04, 0.50, 0.20, 0.06, 0.12, 0.08},
    {0.20, 0.65, 0.15},
    {0.05, 0.40, 0.45, 0.10},
    {0.05, 0.95},
};

/* Those that are counted together. */
#define TWOS 4
static const int twos[TWOS][2] = {
    {REGION, PEOPLE}, {REGION, OUTCOME}, {PEOPLE, OUTCOME}, {HOURS, OUTCOME}};

static int64_t whole[DAYS], count[DIMENSIONS][PARTS][DAYS], together[TWOS][PARTS][PARTS][DAYS];
static bool in[DAYS];
static uint8_t weekday[DAYS];
static double usual[DAYS];

/* What is planted: so many times the usual conferences on top, all of this part; second: and of
 * that, both at once. Without dimension all of it is like the rest, and times may be below 0. */
struct cause {
    int dimension, part, second, second_part;
    double times;
};

static double kappa = 10; /* of the number of conferences a day: the less, the more in bursts */

static int
pick(const double *share, unsigned n)
{
    double u = draw_uniform();
    unsigned i = 0;

    while (i + 1 < n && u >= share[i])
        u -= share[i++];
    return (int)i;
}

static void
add_leg(int day, unsigned features, const struct cause *c)
{
    int at[DIMENSIONS];

    for (int d = REGION; d < DIMENSIONS; d++) {
        at[d] = pick(usual_share[d], part_count[d]);
        if (c && c->dimension == d)
            at[d] = c->part;
        if (c && c->second == d)
            at[d] = c->second_part;
        count[d][at[d]][day]++;
    }
    for (unsigned f = 0; f < PARTS; f++)
        if ((c && c->dimension == FEATURE && c->part == (int)f) ||
            (features >> f & 1 && draw_uniform() < 0.6))
            count[FEATURE][f][day]++;
    for (int two = 0; two < TWOS; two++)
        together[two][at[twos[two][0]]][at[twos[two][1]]][day]++;
    whole[day]++;
}

/* How many come to a conference of that class; of one that is not known, as usual. */
static int64_t
draw_legs(int size)
{
    static const struct {
        int64_t least, most;
    } of[PARTS] = {{1, 2}, {3, 5}, {6, 10}, {11, 25}, {26, 45}, {1, 5}};

    return of[size].least +
           (int64_t)(draw_uniform() * (double)(of[size].most - of[size].least + 1));
}

static void
add_conferences(int day, int64_t n, const struct cause *c)
{
    for (; n > 0; n--) {
        unsigned features = 0;
        int size = c && c->dimension == SIZE ? c->part : pick(usual_share[SIZE], PARTS);
        int64_t legs = draw_legs(size);

        count[SIZE][size][day] += legs;
        for (unsigned f = 0; f < PARTS; f++)
            features |= (unsigned)(draw_uniform() < usual_share[FEATURE][f] / 0.6) << f;
        for (; legs > 0; legs--)
            add_leg(day, features, c);
    }
}

static void
simulate(const struct cause *c, double conferences, uint64_t seed)
{
    draw_seed(seed);
    memset(whole, 0, sizeof whole);
    memset(count, 0, sizeof count);
    memset(together, 0, sizeof together);
    for (int day = 0; day < DAYS; day++) {
        double mean = conferences * (day % 7 < 5 ? 1 : 0.1);
        double like = c->dimension < 0 && day >= DAYS - PERIOD ? 1 + c->times : 1;

        in[day] = day >= DAYS - PERIOD;
        weekday[day] = (uint8_t)(day % 7);
        add_conferences(day, draw_negbin(mean * like, kappa), NULL);
        if (in[day] && c->dimension >= 0)
            add_conferences(day, draw_negbin(mean * c->times, kappa), c);
    }
}

static struct why_part made[DIMENSIONS][PARTS];
static struct why_dimension dimension[DIMENSIONS];
static struct why_pair pairs[TWOS * PARTS * PARTS];
static struct why found;

static void
conclude(void)
{
    struct why_days days = {DAYS, in, usual, weekday};

    CHECK(why_weigh(in, weekday, DAYS, usual));
    for (int d = 0; d < DIMENSIONS; d++) {
        for (unsigned i = 0; i < part_count[d]; i++)
            made[d][i] = (struct why_part){.name = parts[d][i],
                                           .daily = count[d][i],
                                           .rest = strcmp(parts[d][i], "not known") == 0};
        dimension[d] =
            (struct why_dimension){.name = names[d], .part = made[d], .count = part_count[d]};
    }
    size_t n = 0;

    for (int two = 0; two < TWOS; two++)
        for (unsigned i = 0; i < part_count[twos[two][0]]; i++)
            for (unsigned j = 0; j < part_count[twos[two][1]]; j++)
                pairs[n++] = (struct why_pair){{names[twos[two][0]], names[twos[two][1]]},
                                               {parts[twos[two][0]][i], parts[twos[two][1]][j]},
                                               .daily = together[two][i][j]};
    found = (struct why){.whole = {.name = "legs", .daily = whole}};
    why_conclude(&found, &days, dimension, DIMENSIONS, pairs, n);
}

static bool
says(const char *name, const char *part)
{
    return dimension[0].cause && dimension[0].named == 1 && strcmp(dimension[0].name, name) == 0 &&
           strcmp(dimension[0].part[0].name, part) == 0;
}

/* The first pair is what was planted, and no other is preferred. */
static bool
says_both(const struct cause *c)
{
    const struct why_pair *p = &pairs[0];

    return p->preferred && !pairs[1].preferred && c->second >= 0 &&
           strcmp(p->dimension[0], names[c->dimension]) == 0 &&
           strcmp(p->name[0], parts[c->dimension][c->part]) == 0 &&
           strcmp(p->dimension[1], names[c->second]) == 0 &&
           strcmp(p->name[1], parts[c->second][c->second_part]) == 0;
}

TEST(what_was_planted_is_found_in_a_hundred_worlds)
{
    static const struct cause causes[] = {
        {FEATURE, 0, -1, 0, 2}, {SIZE, 4, -1, 0, 0.2},    {REGION, 0, -1, 0, 1.5},
        {REGION, 5, -1, 0, 1},  {PEOPLE, 2, -1, 0, 1.5},  {HOURS, 0, -1, 0, 1},
        {HOURS, 3, -1, 0, 1.5}, {OUTCOME, 0, -1, 0, 1.5}, {REGION, 0, PEOPLE, 0, 2},
        {-1, 0, -1, 0, 2},
    };
    int named = 0, right = 0, planted = 0, both = 0, both_found = 0, both_said = 0;

    for (uint64_t seed = 1; seed <= 100; seed++) {
        const struct cause *c = &causes[seed % 10];

        simulate(c, 12, seed);
        conclude();
        planted += c->dimension >= 0;
        named += dimension[0].cause;
        right += c->dimension >= 0 &&
                 (says(names[c->dimension], parts[c->dimension][c->part]) ||
                  (c->second >= 0 && says(names[c->second], parts[c->second][c->second_part])));
        both += c->second >= 0;
        both_said += pairs[0].preferred;
        both_found += says_both(c);
    }
    printf("100 worlds, %d with a cause: %d named, %d of them rightly (precision %.0f %%, recall "
           "%.0f %%); pairs: %d of %d, %d said\n",
           planted, named, right, 100.0 * right / named, 100.0 * right / planted, both_found, both,
           both_said);
    CHECK(right >= 0.95 * named);
    CHECK(right >= 0.9 * planted);
    CHECK(both_found == both_said && both_found >= 0.9 * both);
}

/* Of a hundred worlds each, one like a firm's and one of few conferences that come in bursts. */
TEST(two_at_once_are_found_and_none_where_there_is_one_cause_or_none)
{
    static const struct cause causes[] = {
        {REGION, 0, PEOPLE, 2, 1.5}, {REGION, 5, OUTCOME, 0, 1},  {PEOPLE, 2, OUTCOME, 0, 1},
        {HOURS, 0, OUTCOME, 0, 1},   {HOURS, 3, OUTCOME, 0, 1.5}, {HOURS, 3, -1, 0, 1.5},
        {REGION, 3, -1, 0, 1.5},     {OUTCOME, 0, -1, 0, 1},      {-1, 0, -1, 0, 0},
        {-1, 0, -1, 0, 1},
    };
    static const struct {
        double conferences, kappa, recall;
    } worlds[] = {{12, 10, 0.95}, {3, 1, 0.6}};

    for (int w = 0; w < 2; w++) {
        int said = 0, found_both = 0, planted = 0, beyond = 0, one = 0, one_right = 0, falsely = 0;

        kappa = worlds[w].kappa;
        for (uint64_t seed = 1; seed <= 100; seed++) {
            const struct cause *c = &causes[seed % 10];

            simulate(c, worlds[w].conferences, seed + 5000);
            conclude();
            planted += c->second >= 0;
            beyond += c->second >= 0 && !found.inside;
            said += pairs[0].preferred && !found.inside;
            found_both += says_both(c) && !found.inside;
            one += dimension[0].cause;
            one_right +=
                c->dimension >= 0 && dimension[0].cause &&
                (says(names[c->dimension], parts[c->dimension][c->part]) ||
                 (c->second >= 0 && says(names[c->second], parts[c->second][c->second_part])));
            falsely += c->dimension < 0 && dimension[0].cause;
        }
        printf("%.0f conferences a day, kappa %.0f: of %d pairs (%d beyond what is usual) %d "
               "found, %d said; causes %d of %d"
               " right, %d where there is none\n",
               worlds[w].conferences, kappa, planted, beyond, found_both, said, one_right, one,
               falsely);
        CHECK(found_both >= 0.95 * said);
        CHECK(found_both >= worlds[w].recall * beyond);
        CHECK(one_right >= 0.95 * one);
        CHECK(falsely <= 2);
    }
    kappa = 10;
}

TEST(where_nothing_changed_nothing_is_explained)
{
    static const struct cause nothing = {-1, 0, -1, 0, 0};
    int outside = 0, changed = 0, causes = 0, stated = 0, looked_at = 0;

    for (uint64_t seed = 1; seed <= 200; seed++) {
        simulate(&nothing, 12, seed + 1000);
        conclude();
        outside += !found.inside;
        changed += found.whole.changed;
        causes += dimension[0].cause;
        for (int d = 0; d < DIMENSIONS; d++)
            for (size_t i = 0; i < dimension[d].count; i++, looked_at++)
                stated += dimension[d].part[i].changed;
    }
    printf("200 worlds without: %d outside of the 80 %% interval, %d changed, %d causes, %d of %d "
           "parts stated\n",
           outside, changed, causes, stated, looked_at);
    CHECK(outside >= 10 && outside <= 60);
    CHECK(changed <= 20 && causes <= 6);
    CHECK(stated <= 0.03 * looked_at);
}

TEST(parts_add_up_to_the_whole)
{
    static const struct cause c = {REGION, 0, -1, 0, 1.5};

    simulate(&c, 12, 5);
    conclude();
    for (int d = 0; d < DIMENSIONS; d++) {
        double before = 0, after = 0, power = 0;

        if (strcmp(dimension[d].name, "feature") == 0)
            continue; /* a leg has as many as it likes */
        for (size_t i = 0; i < dimension[d].count; i++) {
            before += dimension[d].part[i].before;
            after += dimension[d].part[i].after;
            power += dimension[d].part[i].power;
        }
        CHECK_NEAR(before, found.whole.before, 1e-9);
        CHECK_NEAR(after, found.whole.after, 1e-9);
        CHECK_NEAR(power, 1, 1e-9);
    }
}

TEST(days_are_held_against_their_like)
{
    /* Monday to Friday of one week against two weeks: weekends do not count. */
    uint8_t week[19];
    bool now[19];
    double weight[19];

    for (int i = 0; i < 19; i++) {
        week[i] = (uint8_t)(i % 7);
        now[i] = i >= 14;
    }
    CHECK(why_weigh(now, week, 19, weight));
    for (int i = 0; i < 14; i++)
        CHECK_NEAR(weight[i], i % 7 < 5 ? 0.5 : 0, 1e-12);
    /* A Saturday against Mondays to Fridays: all count alike. */
    week[18] = 5;
    now[4] = now[5] = now[12] = now[11] = now[6] = now[13] = true;
    CHECK(!why_weigh(now, week, 19, weight));
}
