/*
 * test_config_mistakes.c - every mistake is told with its line and what was expected.
 */
#include "configuring.h"

static void
refuse(const char *text, int line, const char *what)
{
    struct config *c = NULL;
    char where[32];
    struct error e;

    write_file("c.conf", text, strlen(text));
    if (config_load(&c, "c.conf", &e) != ST_BAD_CONFIG)
        test_fail(__FILE__, __LINE__, "accepted: %s", text);
    snprintf(where, sizeof where, "c.conf:%d: ", line);
    if (strncmp(e.text, where, strlen(where)) != 0 || !strstr(e.text, what))
        test_fail(__FILE__, __LINE__, "\"%s\" gives \"%s\", not \"%s...%s\"", text, e.text, where,
                  what);
    CHECK(!c);
}

static const struct {
    const char *text;
    int line;
    const char *what;
} mistakes[] = {
    {"nope = 1", 1, "no such option 'nope' (did you mean \"node\"?)"},
    {"zzz = 1", 1, "no such option 'zzz'; expected one of: state_dir node"},
    {"zzz = 1", 1, " ... (see callswell.conf(5))"},
    {"# a\n/* b\n c */ // d\nnope = 1", 4, "no such option 'nope'"},
    {"\n\nredis {\n # x\n  host = \"a\"\n}", 5, "no such option 'host'; expected one of: url"},
    {"include(\"x\")", 1, "no such option 'include'"},
    {"input \"a\" { input \"b\" { } }", 1, "no such option 'input'"},
    {"node = 1\nnode = 2", 2, "node is given twice; the first is on line 1"},
    {"redis { url = managed }\n\nredis { }", 3, "redis is given twice; the first is on line 1"},
    {"redis {\n url = managed\n url = managed }", 3, "url is given twice"},
    {"segment \"x\" { where = a }\nsegment \"x\" { where = b }", 2, "duplicate title 'x'"},
    {"redis {\n url = managed\n", 1, "section redis is never closed"},
    {"node = 1 /* a\n\n", 1, "comment is never closed"},
    {"\nnode = \"1\n\n", 2, "text is never closed"},
    {"node = '1\\", 1, "text is never closed"},
    {"node = ", 1, "premature end"},
    {"node 1", 1, "missing equal sign"},
    {"}", 1, "unexpected closing brace"},
    {"input { type = tail }", 1, "missing title for section 'input'; expected a name"},
    {"redis \"x\" { }", 1, "missing opening brace"},
    {"node = { 1 }", 1, "unexpected token '{'; expected a value"},
    {"node = \xFF", 1, "UTF-8"},
    {"# ok\nfeature \"f\" { match = \"\\d+\" }", 2, "\\d has no meaning in double quotes"},
    {"node = \"${CALLSWELL_UNSET}\"", 1, "variable CALLSWELL_UNSET is not set"},
    {"node = ${CALLSWELL_UNSET}", 1, "variable CALLSWELL_UNSET is not set"},
    {"node = \"${A\n}\"", 1, "expected }"},
    {"node = \"\"", 1, "node: expected a text"},
    {"\nnode = \"a b\"", 2, "node: expected 1 to 32 of"},
    {"node = aaaaaaaaaabbbbbbbbbbccccccccccddd", 1, "node: expected 1 to 32 of"},
    {"input \"a\" { type = ami format = ndjson address = \"pbx:5038\" user = u }", 1,
     "expected the options address, user and secret"},
    {"input \"a\" { type = esl format = ndjson address = \"pbx:8021\" }", 1,
     "expected the options address and password"},
    {"input \"a\" { type = dial format = ndjson }", 1, "input \"a\": expected the option address"},
    {"input \"a\" { type = dial format = ndjson address = \"pbx:1\"\nca = x }", 2,
     "ca: expected the option tls beside it"},
    {"input \"a\" { type = dial format = ndjson address = \"pbx:1\"\nuser = u }", 2,
     "user: not an option of dial inputs"},
    {"input \"a\" { type = esl format = ndjson address = \"pbx:1\" password = x\ntls = yes }", 2,
     "tls: not an option of esl inputs"},
    {"input \"a\" { type = esl format = ndjson password = x\naddress = \"pbx\" }", 2,
     "address: expected HOST:PORT"},
    {"input \"a\" { type = esl format = ndjson address = \"pbx:1\" password = \"a\\nb\" }", 1,
     "cannot have line ends"},
    {"input \"a\" { type = esl format = ndjson address = \"pbx:1\" password = x\nuser = u }", 2,
     "user: not an option of esl inputs"},
    {"input \"a\" { type = radius format = radius listen = \"127.0.0.1:0\" }", 1,
     "expected the options listen, and secret or nas"},
    {"input \"a\" { type = radius format = radius listen = \"127.0.0.1:0\"\nnas = { \"gw=x\" } }",
     2, "nas: expected \"ADDRESS=SECRET\""},
    {"input \"a\" { type = radius format = radius listen = \"127.0.0.1:0\"\nnas = { \"::1\" } }", 2,
     "nas: expected \"ADDRESS=SECRET\""},
    {"workers = many", 1, "workers: expected a whole number from 0 to 256, not \"many\""},
    {"workers = 257", 1, "workers: expected a whole number"},
    {"workers = -1", 1, "workers: expected a whole number"},
    {"workers = 99999999999999999999", 1, "workers: expected a whole number"},
    {"weekend = \"sat sunn\"", 1, "weekend: expected days such as \"sat sun\", not \"sat sunn\""},
    {"timezone = \"Mars/Olympus\"", 1, "timezone: expected a name of the IANA database"},
    {"clock = sundial", 1, "clock: expected one of: wall data; not \"sundial\""},
    {"log_level = loud", 1, "log_level: expected one of"},
    {"fold_interval = 30", 1, "fold_interval: expected a duration"},
    {"fold_interval = 0s", 1, "fold_interval: expected a duration"},
    {"retention {\n quarter = 35\n}", 2, "quarter: expected a duration"},
    {"retention { quarter = 35x }", 1, "quarter: expected a duration"},
    {"retention { quarter = 1500ms }", 1, "quarter: expected a duration"},
    {"retention { quarter = 99999999999999999d }", 1, "quarter: expected a duration"},
    {"retention { quarter = -1d }", 1, "quarter: expected a duration"},
    {"limits { max_record = 2MiB }", 1, "max_record: expected a size"},
    {"limits { max_record = 64kb }", 1, "max_record: expected a size"},
    {"limits { max_connections = 16385 }", 1, "max_connections"},
    {"limits { max_per_address = 1025 }", 1, "max_per_address"},
    {"limits { max_request_line = 9KiB }", 1, "max_request_line"},
    {"limits { max_header = 33KiB }", 1, "max_header"},
    {"limits { max_header_lines = 129 }", 1, "max_header_lines"},
    {"limits { header_timeout = 31s }", 1, "header_timeout"},
    {"limits { idle_timeout = 121s }", 1, "idle_timeout"},
    {"limits { max_ratio = 1001 }", 1, "max_ratio"},
    {"limits { max_records = 500001 }", 1, "max_records"},
    {"limits { max_datagram = 65KiB }", 1, "max_datagram"},
    {"limits { max_body = 65MiB }", 1, "max_body"},
    {"limits { max_unpacked = 257MiB }", 1, "max_unpacked"},
    {"limits { max_record = 2MiB }", 1, "max_record"},
    {"limits { max_name = 257 }", 1, "max_name"},
    {"limits { max_body = 32MiB\n max_unpacked = 16MiB }", 2, "expected at least max_body"},
    {"limits { late = drop }", 1, "late: expected one of: count quarantine"},
    {"redis { url = \"http://x\" }", 1, "url: expected \"managed\", \"redis://"},
    {"store { url = \"postgres://x\" }", 1, "url: expected \"sqlite:FILE\""},
    {"http { listen = \"8460\" }", 1, "listen: expected ADDRESS:PORT"},
    {"http { listen = \"127.0.0.1:\" }", 1, "listen: expected ADDRESS:PORT"},
    {"http { listen = \"127.0.0.1:65536\" }", 1, "listen: expected ADDRESS:PORT"},
    {"http { listen = \"::1:80\" }", 1, "listen: expected ADDRESS:PORT"},
    {"http { listen = \"[::1:80\" }", 1, "listen: expected ADDRESS:PORT"},
    {"http { listen = \"[::1]80\" }", 1, "listen: expected ADDRESS:PORT"},
    {"input \"a\" {\n type = pigeon format = f }", 2,
     "type: expected one of: tail tcp udp http relp stream"},
    {"\ninput \"a\" {\n format = f }", 2, "input \"a\": expected the option type"},
    {"input \"a\" { type = tail path = x }", 1, "input \"a\": expected the option format"},
    {"input \"a\" {\n type = tail path = x\n format = nope }", 3,
     "format: there is no format \"nope\""},
    {"format \"f\" { type = regex pattern = '(?<start>.*)' }\ninput \"a\" { type = tail\n"
     " format = f }",
     2, "input \"a\": expected the option path"},
    {"format \"f\" { type = regex pattern = '(?<start>.*)' }\n"
     "input \"a\" { type = udp format = f }",
     2, "input \"a\": expected the option listen"},
    {"input \"a\" { type = tail path = x format = f\n listen = \"127.0.0.1:1\" }", 2,
     "listen: not an option of tail inputs"},
    {"input \"a\" { type = tcp\n from = start listen = \"127.0.0.1:1\" format = f }", 2,
     "from: not an option of tcp inputs"},
    {"input \"a\" { type = http\n path = \"/ingest\" format = f }", 2,
     "path: expected /v1/ingest/NAME"},
    {"input \"a\" { type = http format = ndjson\n signature = zoom }", 2,
     "input \"a\": a signature needs the option secret"},
    {"input \"a\" { type = http format = ndjson\n signature = zoom secret = \"\" }", 2,
     "input \"a\": a signature needs the option secret"},
    {"input \"a\" { type = http format = ndjson\n secret = x }", 2,
     "input \"a\": expected the option signature"},
    {"input \"a\" { type = http format = ndjson\n signature = twilio secret = x }", 2,
     "input \"a\": expected the option url"},
    {"input \"a\" { type = http format = ndjson\n signature = graph secret = x }", 2,
     "input \"a\": \"graph\" is for formats of type \"teams-callrecord\""},
    {"input \"a\" { type = http format = ndjson\n url = \"redis://x\" }", 2,
     "url: expected \"https://HOST/PATH\""},
    {"input \"a\" { type = tail path = x format = ndjson\n secret = x }", 2,
     "secret: not an option of tail inputs"},
    {"input \"a b\" { type = http format = f }", 1, "input: expected a title of 1 to 63 of"},
    {"input \"\" { type = http format = f }", 1, "input: expected a title of 1 to 63 of"},
    {"format \"f\" { type = regex pattern = '(?<start>.*)' }\n"
     "input \"a\" { type = http format = f }\n"
     "input \"b\" { type = http path = \"/v1/ingest/a\" format = f }",
     3, "input \"a\" has the same path"},
    {"format \"f\" {\n\n type = nonsense }", 3, "format \"f\": type"},
    {"format \"f\" { }", 1, "format \"f\": expected the option type"},
    {"service \"s\" { interval = 20 }", 1, "interval: expected one of: 15 30 60; not \"20\""},
    {"service \"s\" { interval = 030 }", 1, "interval: expected one of: 15 30 60"},
    {"service \"s\" { service_level = 0 }", 1, "service_level: expected a number"},
    {"service \"s\" { service_level = 80 }", 1, "service_level: expected a number"},
    {"service \"s\" { service_level = \"0.8x\" }", 1, "service_level: expected a number"},
    {"service \"s\" { service_level = inf }", 1, "service_level: expected a number"},
    {"service \"s\" { service_level = \".\" }", 1, "service_level: expected a number"},
    {"service \"s\" { max_occupancy = 1.01 }", 1, "max_occupancy: expected a number"},
    {"service \"s\" {\n shrinkage = 1 }", 2, "shrinkage: expected a number"},
    {"service \"s\" { match = \"feature:\" }", 1, "expected a feature's name"},
    {"service \"s\" {\n match = \"a(\" }", 2, "pattern of \"s\""},
    {"service \"s\" {\n concurrent = \"people\" }", 2, "expected legs, legs:REGION or conferences"},
    {"service \"s\" {\n concurrent = \"legs:\" }", 2, "expected legs, legs:REGION or conferences"},
    {"service \"s\" { concurrent = \"legs\"\n match = \"s\" }", 2, "match: a service of what"},
    {"service \"s\" { per = 0 }", 1, "per: expected a number"},
    {"service \"s\" {\n skills = { \"french\" } }", 2, "expected SKILL=SHARE"},
    {"feature \"x\" { match = a }\nfeature \"f\" {\n\n match = \"a(\" }", 4, "pattern of \"f\""},
    {"segment \"s\" { }", 1, "segment \"s\": expected the option where"},
    {"segment \"s\" { where = \"\" }", 1, "where: expected a text"},
    {"segment \"a\nb\" { where = x }", 1, "segment: expected a title of 1 to 128"},
};

TEST(config_names_the_line_of_every_mistake)
{
    for (size_t i = 0; i < sizeof mistakes / sizeof *mistakes; i++)
        refuse(mistakes[i].text, mistakes[i].line, mistakes[i].what);
}

TEST(config_reads_well_after_any_mistake)
{
    for (size_t i = 0; i < sizeof mistakes / sizeof *mistakes; i++) {
        refuse(mistakes[i].text, mistakes[i].line, mistakes[i].what);
        config_free(load("node = 7\nredis { url = managed }\n"));
    }
}

TEST(config_refuses_files_that_are_none)
{
    struct config *c = NULL;
    struct error e;
    char *big;

    CHECK(config_load(&c, "missing.conf", &e) == ST_BAD_CONFIG);
    CHECK_STR(e.text, "missing.conf: cannot open: No such file or directory");
    CHECK(config_load(&c, "/", &e) == ST_BAD_CONFIG);
    write_file("nul.conf", "node = 1\nnode\0 = 2", 18);
    CHECK(config_load(&c, "nul.conf", &e) == ST_BAD_CONFIG);
    CHECK_STR(e.text, "nul.conf:2: expected text, found a NUL byte");
    big = malloc((1 << 20) + 1);
    memset(big, '\n', (1 << 20) + 1);
    write_file("big.conf", big, (1 << 20) + 1);
    CHECK(config_load(&c, "big.conf", &e) == ST_BAD_CONFIG);
    CHECK_STR(e.text, "big.conf:1: expected at most 1 MiB");
    write_file("big.conf", big, 1 << 20);
    CHECK(config_load(&c, "big.conf", &e) == ST_OK);
    config_free(c);
    free(big);
}

TEST(config_every_prefix_is_read_or_refused_with_a_line)
{
    static const char text[] =
        "state_dir = 'x' # y\nredis { url = \"managed\" }\nformat \"f\" { type = regex pattern = "
        "'(?<start>.*)' }\ninput \"a\" {\n type = tail /* z */ path = x\n format = f }\n";
    struct config *c;
    struct error e;

    for (size_t n = 0; n < sizeof text; n++) {
        write_file("c.conf", text, n);
        if (config_load(&c, "c.conf", &e) == ST_OK)
            config_free(c);
        else
            CHECK(strncmp(e.text, "c.conf:", 7) == 0 && e.text[7] >= '1' && e.text[7] <= '9');
    }
}

TEST(config_survives_deep_and_wide_nonsense)
{
    static char text[1 << 19];
    struct config *c;
    struct error e;
    size_t n = 0;

    while (n + 4 < sizeof text)
        n += (size_t)sprintf(text + n, "a {\n");
    write_file("c.conf", text, n);
    CHECK(config_load(&c, "c.conf", &e) == ST_BAD_CONFIG);
    for (size_t i = n = 0; n + 16 < sizeof text; i++)
        n += (size_t)sprintf(text + n, "a%zu=1\n", i);
    write_file("c.conf", text, n);
    CHECK(config_load(&c, "c.conf", &e) == ST_BAD_CONFIG);
    memset(text, '{', sizeof text);
    write_file("c.conf", text, sizeof text);
    CHECK(config_load(&c, "c.conf", &e) == ST_BAD_CONFIG);
}
