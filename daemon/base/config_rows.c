/*
 * config_rows.c - the rows: key, type, place, default, range, and a sentence for people.
 */
#include "config_rows.h"

#define MAIN(member)    offsetof(struct config, member)
#define INPUT(member)   offsetof(struct config_input, member)
#define FEATURE(member) offsetof(struct rule_option, member)
#define SEGMENT(member) offsetof(struct config_segment, member)
#define FORMAT(member)  offsetof(struct format_options, member)

#define KIB     1024.0
#define MIB     (1024 * KIB)
#define GIB     (1024 * MIB)
#define DAY     86400.0
#define FOREVER (36500 * DAY)
#define MANY    9e15 /* whole numbers that a double holds exactly */

static const struct option_row main_rows[] = {
    {"state_dir", V_TEXT, MAIN(state_dir), "/var/lib/callswell", .needed = true,
     .help = "Folder of ledger.db, crm.db, control.sock and redis/. It is made if it is missing, "
             "and has one owner at a time. A relative path begins at the working directory."},
    {"node", V_TEXT, MAIN(node), "1", .needed = true,
     .help = "Name of this daemon among all that write to the same Redis: 1 to 32 of A-Z a-z 0-9 "
             "_ and -. Never give two daemons the same."},
    {"timezone", V_TEXT, MAIN(timezone), "UTC", .reloadable = true,
     .help = "IANA time zone of reports and staffing, such as \"Europe/Berlin\"."},
    {"weekend", V_TEXT, MAIN(weekend), "sat sun", .reloadable = true,
     .help = "Days of rest, such as \"fri sat\"; \"\": none. The others are those of office hours. "
             "It is what personas and groups of customers are called by."},
    {"workers", V_INT, MAIN(workers), "0", 0, 256, .help = "Ingest threads; 0 is one per core."},
    {"clock", V_FLAG, MAIN(clock_data), "wall", .choices = "wall data",
     .help = "\"wall\": analytics take the time of day as now. \"data\": they take the newest "
             "record's time, and nothing expires; for histories and demonstrations."},
    {"fold_interval", V_MILLIS, MAIN(fold_interval_ms), "30s", 0.01, 3600, .reloadable = true,
     .help = "How often committed batches are folded into totals and written to Redis."},
    {"analytics_interval", V_MILLIS, MAIN(analytics_interval_ms), "30s", 0.01, DAY,
     .reloadable = true,
     .help = "How often the CRM store is brought up to date; at most once a fold_interval."},
    {"stop_timeout", V_MILLIS, MAIN(stop_timeout_ms), "30s", 0, 3600, .reloadable = true,
     .help = "How long a stopping daemon works off what it has taken in before it leaves the "
             "rest to the next start."},
    {"log_level", V_CHOICE, MAIN(log_level), "info", .choices = "debug info warn error",
     .reloadable = true, .help = "Least important events that are written to stderr."},
    {"log_format", V_CHOICE, MAIN(log_format), "text", .choices = "text json", .reloadable = true,
     .help = "How: \"text\" is NAME=VALUE, \"json\" an object a line."},
    {"log_limit", V_COUNT32, MAIN(log_limit), "100", 0, 1e6, .reloadable = true,
     .help = "Most lines of one event in a minute; how many were left out is said after it. "
             "0: no limit."},
    {0}};

static const struct option_row redis_rows[] = {
    {"url", V_TEXT, MAIN(redis_url), "managed", .needed = true,
     .help = "\"managed\": a private redis-server on a socket in state_dir, started and stopped "
             "with the daemon. Otherwise redis://[USER:PASSWORD@]HOST:PORT[/DB] or "
             "unix:///PATH."},
    {"server", V_TEXT, MAIN(redis_server), "redis-server",
     .help = "Program to run when managed; looked for along PATH."},
    {"compare_interval", V_MILLIS, MAIN(redis_compare_ms), "1h", 1, DAY,
     .help = "In this time all keys are compared once with the ledger, a few at a time, and what "
             "somebody else lost, changed or added is mended. Other losses are noticed within "
             "seconds."},
    {"hang_timeout", V_MILLIS, MAIN(redis_hang_ms), "1m", 0, DAY,
     .help = "A managed redis-server that says nothing for so long is ended (SIGTERM, then "
             "SIGKILL) and started again with the data of its append-only file; 0: never. "
             "A Redis of your own is never touched."},
    {0}};

static const struct option_row store_rows[] = {
    {"url", V_TEXT, MAIN(store_url), "sqlite:crm.db", .needed = true,
     .help = "The CRM store, \"sqlite:FILE\"; a relative FILE is inside state_dir."},
    {0}};

static const struct option_row http_rows[] = {
    {"listen", V_TEXT, MAIN(http_listen), "127.0.0.1:8460",
     .help = "ADDRESS:PORT of the HTTP server; IPv6 as [::1]:8460, port 0 takes a free one, \"\" "
             "switches it off. Others than loopback addresses need tokens, so that it is known "
             "who asks: callswell token add."},
    {"certificate", V_TEXT, MAIN(http_certificate), NULL, .elsewhere = true,
     .example = "/etc/callswell/server.pem", .reloadable = true,
     .help = "PEM file with the server's certificate and those that lead to its root: then it "
             "speaks TLS (1.2 or newer), and nothing else. Read again at a reload."},
    {"key", V_TEXT, MAIN(http_key), NULL, .elsewhere = true, .example = "/etc/callswell/server.key",
     .reloadable = true,
     .help = "PEM file with the certificate's private key, when that is not in the same file."},
    {"session", V_MILLIS, MAIN(http_session_ms), "12h", 1, 400 * DAY, .reloadable = true,
     .help = "How long somebody who logged in on the page stays so."},
    {"metrics", V_FLAG, MAIN(http_metrics_open), "token", .choices = "token open",
     .reloadable = true,
     .help = "Once there are tokens, /metrics needs one with the role read; \"open\": it does "
             "not."},
    {0}};

#define KEEP(key, initial, what)                                                                   \
    {                                                                                              \
#key, V_SECONDS, MAIN(retention.key), initial, 0, FOREVER, .help = what                    \
    }

static const struct option_row retention_rows[] = {
    KEEP(quarter, "35d", "Legs, seconds and failures of a customer by quarter hour."),
    KEEP(day, "800d", "The same by day, and features by day."),
    KEEP(people, "35d", "Distinct participants and conferences of a customer by day."),
    KEEP(feature_people, "400d", "Distinct people and customers behind a feature by day."),
    KEEP(service, "800d", "Service contacts by quarter hour."),
    KEEP(load, "35d", "Legs begun and ended by minute, for peak load."),
    KEEP(events, "800d",
         "Single activities, orders and bookings in the ledger, which a new store is "
         "made from."),
    KEEP(history, "1830d",
         "What the CRM store keeps of the past: days of customers and quarter hours of services "
         "that the ledger no longer has, changes of stages, closed signals, activities, orders, "
         "bookings, rosters; and customers that were merely seen, while there is any of that."),
    {0}};

static const struct option_row limit_rows[] = {
    {"max_record", V_SIZE32, MAIN(limits.max_record), "64KiB", 256, MIB,
     .help = "Longest record; a longer one goes to quarantine."},
    {"max_document", V_SIZE32, MAIN(limits.max_document), "16MiB", 64 * KIB, 256 * MIB,
     .help = "The same for formats whose records come together in documents (XML, JSON bodies)."},
    {"max_name", V_COUNT32, MAIN(limits.max_name), "128", 1, 256, .reloadable = true,
     .help = "Longest name or id in bytes."},
    {"max_future", V_SECONDS32, MAIN(limits.max_future), "5m", 0, 366 * DAY, .reloadable = true,
     .help = "How far a record's time may be ahead of the clock."},
    {"duplicate_window", V_SECONDS, MAIN(limits.duplicate_window), "48h", 0, 366 * DAY,
     .reloadable = true,
     .help = "How long a record or an Idempotency-Key is remembered, to be counted once only."},
    {"correction_window", V_SECONDS, MAIN(limits.correction_window), "7d", 0, 366 * DAY,
     .reloadable = true,
     .help = "How long after its arrival a record with an id can be corrected: by the same id with "
             "a higher version, or by a void of that id. Its id is remembered for as long, too. 0 "
             "keeps nothing for that: versions are passed over, voids go to quarantine."},
    {"duplicate_records", V_COUNT, MAIN(limits.duplicate_records), "50000000", 0, 4e9,
     .reloadable = true,
     .help =
         "How many records are remembered at most, in 11 to 23 bytes of memory each. Beyond that "
         "the oldest are forgotten: the window gets shorter, status says since when it is "
         "complete, and what is older counts as late."},
    {"max_body", V_SIZE, MAIN(limits.max_body), "8MiB", KIB, 64 * MIB,
     .help = "Largest HTTP request body as sent."},
    {"max_unpacked", V_SIZE, MAIN(limits.max_unpacked), "32MiB", KIB, 256 * MIB,
     .help = "Largest HTTP request body after decompression."},
    {"max_ratio", V_COUNT32, MAIN(limits.max_ratio), "200", 1, 1000,
     .help = "How many times its size a compressed request body may unpack to, beyond the first "
             "MiB."},
    {"max_records", V_COUNT32, MAIN(limits.max_records), "50000", 1, 500000,
     .help = "Most records in one HTTP request."},
    {"max_connections", V_COUNT32, MAIN(limits.max_connections), "1024", 1, 16384,
     .reloadable = true,
     .help =
         "Open connections of the HTTP server, and of each tcp or relp input. When there are so "
         "many, one that rests gives way to each newcomer: of the address with most, the one "
         "that was silent for longest. Where none rests, newcomers wait."},
    {"max_per_address", V_COUNT32, MAIN(limits.max_per_address), "64", 1, 1024, .reloadable = true,
     .help =
         "How many of them one address may have; more are closed. All IPv6 addresses with the same "
         "first 64 bits are one."},
    {"max_request_line", V_SIZE32, MAIN(limits.max_request_line), "2KiB", 64, 8 * KIB,
     .help = "Longest HTTP request line."},
    {"max_header", V_SIZE32, MAIN(limits.max_header), "8KiB", 128, 32 * KIB,
     .help = "Header lines of one HTTP request, all together."},
    {"max_header_lines", V_COUNT32, MAIN(limits.max_header_lines), "64", 1, 128,
     .help = "Their number."},
    {"header_timeout", V_MILLIS, MAIN(limits.header_timeout_ms), "5s", 0.01, 30,
     .help = "How long after its first byte the head of an HTTP request has to be there."},
    {"body_timeout", V_MILLIS, MAIN(limits.body_timeout_ms), "10s", 0.01, 600,
     .help = "How long a request's body, or an answer, may take, and one second more for each "
             "body_rate."},
    {"body_rate", V_SIZE32, MAIN(limits.body_rate), "64KiB", 64, GIB,
     .help = "Bytes that a peer has to send or take in a second after that."},
    {"idle_timeout", V_MILLIS, MAIN(limits.idle_timeout_ms), "30s", 0.01, 120,
     .help = "How long an HTTP connection may rest between requests."},
    {"max_requests", V_COUNT32, MAIN(limits.max_requests), "1000", 1, 1e6,
     .help = "Most requests on one HTTP connection; with the last it is closed."},
    {"requests_per_token", V_COUNT32, MAIN(limits.requests_per_token), "100", 0, 1e6,
     .reloadable = true,
     .help = "How often a second a token may ask; twice as often at once after a rest. Sending "
             "records is not limited so. 0: as often as it likes."},
    {"max_datagram", V_SIZE32, MAIN(limits.max_datagram), "8KiB", 256, 64 * KIB,
     .help = "Largest datagram of a udp input; a larger one goes to quarantine whole."},
    {"max_new_names", V_COUNT32, MAIN(limits.max_new_names), "100000", 1, 4e9, .reloadable = true,
     .help = "How many customers, features, services and regions that were never seen before an "
             "input that reads no files may bring in a minute. Then nothing more of it is taken "
             "until the minute is over; HTTP answers 429."},
    {"max_customers", V_COUNT32, MAIN(limits.max_customers), "5000000", 1, 5e8,
     .help = "How many customers there may be. A record that brings one more goes to quarantine, "
             "and can be replayed when the limit is higher."},
    {"max_features", V_COUNT32, MAIN(limits.max_features), "10000", 1, 1e6,
     .help = "How many features there may be, in the same way."},
    {"max_services", V_COUNT32, MAIN(limits.max_services), "1000", 1, 1e5,
     .help = "How many services."},
    {"max_regions", V_COUNT32, MAIN(limits.max_regions), "1000", 1, 1e5,
     .help = "How many regions."},
    {"open_legs", V_COUNT, MAIN(limits.open_legs), "1000000", 100, 1e8, .reloadable = true,
     .help = "How many joins and leaves may wait for each other, together with the conferences "
             "that are known, in about 300 bytes of memory each. A join or the start of a "
             "conference beyond that goes to quarantine; a leave or an end, beyond twice that."},
    {"max_queue", V_SIZE, MAIN(limits.max_queue), "64MiB", MIB, 16 * GIB, .reloadable = true,
     .help = "Input waiting for the workers; inputs pause when it is reached."},
    {"quarantine_bytes", V_SIZE, MAIN(limits.quarantine_bytes), "1GiB", MIB, 1024 * GIB,
     .reloadable = true,
     .help = "Refused records that are kept, shared out among the inputs. An input that has filled "
             "its share is not read until its records are replayed or dropped."},
    {"disk_reserve", V_SIZE, MAIN(limits.disk_reserve), "512MiB", 0, 1024 * GIB, .reloadable = true,
     .help = "Room on the disk of state_dir that is left free. With less, nothing more is taken: "
             "HTTP answers 503, files and connections are not read."},
    {"disk_ballast", V_SIZE, MAIN(limits.disk_ballast), "64MiB", 0, 64 * GIB, .reloadable = true,
     .help = "Size of a file in state_dir that is given up when a start or an ordered end would "
             "not have enough room."},
    {"max_wal", V_SIZE, MAIN(limits.max_wal), "1GiB", MIB, 1024 * GIB, .reloadable = true,
     .help = "How long the ledger's write-ahead log may grow while somebody keeps reading "
             "ledger.db; then nothing more is taken."},
    {"late", V_CHOICE, MAIN(limits.late), "count", .choices = "count quarantine",
     .reloadable = true,
     .help = "What becomes of a record older than the duplicate window: \"count\" it, or put it "
             "in \"quarantine\", because a repetition of it could not be noticed."},
    {0}};

static const struct option_row privacy_rows[] = {
    {"participants", V_CHOICE, MAIN(participants), "plain", .choices = "plain hash",
     .help =
         "\"hash\": what names people in records (participant, participant_name, agent, leg) is "
         "replaced by a keyed hash before anything is kept: they stay countable and are not "
         "named. The key is privacy.key in state_dir, made at first use; without it everybody "
         "is counted anew."},
    {0}};

static const struct option_row pairing_rows[] = {
    {"limit", V_SECONDS, MAIN(pairing.limit), "12h", 1, 31 * DAY, .reloadable = true,
     .help = "A conference that is silent for so long is over: who joined and never left it is "
             "counted up to its last event, as estimated."},
    {"wait", V_SECONDS, MAIN(pairing.wait), "5m", 0, 31 * DAY, .reloadable = true,
     .help = "How long a leave waits for a join that is still to come, before it is counted "
             "without; and who joins a second time for having left in between."},
    {"grace", V_SECONDS, MAIN(pairing.grace), "5s", 0, 31 * DAY, .reloadable = true,
     .help = "How long after the end of a conference its leaves may still come; who has none then "
             "left with the end."},
    {"settle", V_SECONDS, MAIN(pairing.settle), "0", 0, 31 * DAY, .reloadable = true,
     .help = "How long a join and a leave are held before they count, for systems that name no leg "
             "and send out of order: a leave and a join in between may still come."},
    {"room_gap", V_SECONDS, MAIN(pairing.room_gap), "10m", 0, 31 * DAY, .reloadable = true,
     .help = "Who comes into a room that was empty for so long begins another conference there, "
             "where nobody says that one has begun."},
    {0}};

static const struct option_row input_rows[] = {
    {"type", V_CHOICE, INPUT(type), NULL,
     .choices = "tail tcp udp http relp stream ami esl dial radius", .example = "tail",
     .needed = true, .help = "How the records arrive."},
    {"format", V_TEXT, INPUT(format), NULL, .example = "asterisk-cdr", .needed = true,
     .help = "A shipped format (callswell formats) or one described below."},
    {"path", V_TEXT, INPUT(path), NULL, .example = "/var/log/asterisk/cdr-csv/Master.csv",
     .inputs = FOR_TAIL | FOR_HTTP,
     .help = "tail: the file, or a pattern such as \"/var/spool/cdr/*.csv\", which passes over "
             "names of files that are still being written (_NAME, .NAME, temp-NAME, NAME.tmp, "
             "NAME.part); a relative path begins at the working directory. http: the path to post "
             "to, /v1/ingest/TITLE unless given."},
    {"from", V_FLAG, INPUT(from_end), "start", .choices = "start end",
     .inputs = FOR_TAIL | FOR_STREAM,
     .help = "tail, stream: where to begin in a file or stream that is there when it is first "
             "seen."},
    {"listen", V_TEXT, INPUT(listen), NULL, .elsewhere = true, .example = "127.0.0.1:6514",
     .inputs = FOR_TCP | FOR_UDP | FOR_RELP | FOR_RADIUS,
     .help =
         "tcp, udp, relp: ADDRESS:PORT. Whoever reaches it can write records. radius: the same, "
         "for whoever knows a secret; accounting has port 1813."},
    {"framing", V_CHOICE, INPUT(framing), NULL, .elsewhere = true, .choices = "auto lines octets",
     .example = "auto", .inputs = FOR_TCP | FOR_DIAL,
     .help = "tcp, dial: records end with a line end, or begin with their length (RFC 6587 octet "
             "counting); auto, the default, tells them apart."},
    {"certificate", V_TEXT, INPUT(certificate), NULL, .elsewhere = true,
     .example = "/etc/callswell/server.pem", .inputs = FOR_TCP | FOR_RELP,
     .help = "tcp, relp: PEM file with the server's certificate and those that lead to its root: "
             "then senders speak TLS (1.2 or newer; syslog over TLS, RFC 5425, has port 6514). "
             "Read again at a reload; connections that are open go on."},
    {"key", V_TEXT, INPUT(key), NULL, .elsewhere = true, .example = "/etc/callswell/server.key",
     .inputs = FOR_TCP | FOR_RELP,
     .help = "tcp, relp: PEM file with the certificate's private key, when that is not in the same "
             "file."},
    {"client_ca", V_TEXT, INPUT(client_ca), NULL, .elsewhere = true,
     .example = "/etc/callswell/senders.pem", .inputs = FOR_TCP | FOR_RELP,
     .help = "tcp, relp: PEM file of certificates; only senders that show one issued by one of "
             "these are heard. Without it everybody may send."},
    {"url", V_TEXT, INPUT(url), NULL, .elsewhere = true,
     .example = "redis://:password@10.0.0.7:6379/0", .inputs = FOR_STREAM | FOR_HTTP,
     .help = "stream: the Redis server (5 or later) that has it; redis://[USER:PASSWORD@]HOST:PORT"
             "[/DB] or unix:///PATH. Not the trends' own, if that is managed. http: the address "
             "that the sender was given (https://...), which is part of Twilio's and "
             "BigBlueButton's signatures."},
    {"signature", V_CHOICE, INPUT(signature), NULL, .elsewhere = true,
     .choices = "zoom twilio bbb graph token", .example = "zoom", .inputs = FOR_HTTP,
     .help = "http: how a request proves who sent it; without it everybody may send. graph: the "
             "secret is the clientState of a Microsoft Graph subscription. token: the secret "
             "itself in Authorization, behind Bearer, Basic or nothing. Others are refused with "
             "401 (BigBlueButton's with 403) and counted."},
    {"secret", V_TEXT, INPUT(secret), NULL, .elsewhere = true, .example = "${ZOOM_SECRET_TOKEN}",
     .inputs = FOR_HTTP | FOR_AMI | FOR_RADIUS,
     .help = "http: what only the sender and this input know; best from the environment. For "
             "Basic it is USER:PASSWORD. ami: what belongs to the user. radius: what is "
             "shared with all senders that `nas` does not name."},
    {"stream", V_TEXT, INPUT(stream), NULL, .elsewhere = true, .example = "calls",
     .inputs = FOR_STREAM, .help = "stream: its key."},
    {"group", V_TEXT, INPUT(group), NULL, .elsewhere = true, .example = "callswell",
     .inputs = FOR_STREAM,
     .help = "stream: the consumer group, \"callswell\" unless given; made if it is missing."},
    {"consumer", V_TEXT, INPUT(consumer), NULL, .elsewhere = true, .example = "1",
     .inputs = FOR_STREAM,
     .help = "stream: the name of this consumer, the node unless given. Its entries belong to this "
             "ledger: no two daemons may have the same."},
    {"field", V_TEXT, INPUT(field), NULL, .elsewhere = true, .example = "data",
     .inputs = FOR_STREAM,
     .help = "stream: the field of an entry that holds a record in the input's format, \"data\" "
             "unless given. An entry without it is taken as one JSON object of its fields."},
    {"address", V_TEXT, INPUT(address), NULL, .elsewhere = true, .example = "pbx.example.com:5038",
     .inputs = FOR_AMI | FOR_ESL | FOR_DIAL,
     .help = "ami, esl, dial: HOST:PORT of the server to connect to: Asterisk's manager interface "
             "(port 5038; 5039 with TLS), FreeSWITCH's event socket (port 8021), a system that "
             "sends its records to whoever connects (3CX's passive socket)."},
    {"user", V_TEXT, INPUT(user), NULL, .elsewhere = true, .example = "callswell",
     .inputs = FOR_AMI, .help = "ami: the name to log in with (a section of manager.conf)."},
    {"password", V_TEXT, INPUT(password), NULL, .elsewhere = true, .example = "${ESL_PASSWORD}",
     .inputs = FOR_ESL, .help = "esl: the password (event_socket.conf.xml)."},
    {"tls", V_BOOL, INPUT(tls), "no", .elsewhere = true, .example = "yes",
     .inputs = FOR_AMI | FOR_DIAL,
     .help = "ami, dial: speak TLS (1.2 or newer). The server's certificate has to be valid for "
             "the host in `address`."},
    {"ca", V_TEXT, INPUT(ca), NULL, .elsewhere = true, .example = "/etc/callswell/pbx.pem",
     .inputs = FOR_AMI | FOR_DIAL,
     .help = "ami, dial: file of certificates to trust instead of the system's; one that was "
             "signed by nobody else is trusted by naming it here. Read again at a reload."},
    {"nas", V_LIST, INPUT(nas), NULL, .elsewhere = true,
     .example = "192.0.2.7=${NAS_SECRET}|198.51.100.0/24=${BRANCH_SECRET}", .inputs = FOR_RADIUS,
     .help = "radius: \"ADDRESS=SECRET\" or \"ADDRESS/BITS=SECRET\": secrets of single senders or "
             "networks; the longest that fits is taken. Others are not answered unless there is a "
             "secret for all."},
    {"reconnect", V_MILLIS, INPUT(reconnect_ms), "1s", 0.01, 60, .elsewhere = true,
     .inputs = FOR_AMI | FOR_ESL | FOR_DIAL,
     .help = "ami, esl, dial: how long to wait before the first attempt to connect again; twice as "
             "long "
             "after each that fails, up to 64 times, and 16 to 512 times where the login was "
             "refused; each time a little more or less."},
    {"keep_alive", V_MILLIS, INPUT(keep_alive_ms), "30s", 0.01, 3600, .elsewhere = true,
     .inputs = FOR_AMI | FOR_ESL | FOR_DIAL,
     .help = "ami, esl, dial: a server that was silent for so long is asked whether it is there "
             "(dial: by TCP); one that does not answer for as long again is connected to anew."},
    {"timezone", V_TEXT, INPUT(timezone), NULL, .example = "Europe/Berlin",
     .help = "Time zone of times without one, instead of the format's."},
    {"source", V_TEXT, INPUT(source), NULL, .example = "pbx-1",
     .help = "Name of the sending system. Record ids are unique within a source; give inputs "
             "whose ids could clash different ones."},
    {0}};

static const struct option_row feature_rows[] = {
    {"match", V_TEXT, FEATURE(match), NULL, .example = "rec(ord(ing)?)?|\\*2",
     .help = "Regular expression (PCRE2) over the whole name as systems write it, without regard "
             "to case. The first feature that matches names it; without a pattern, the title."},
    {0}};

static const struct option_row segment_rows[] = {
    {"where", V_TEXT, SEGMENT(where), NULL, .example = "legs_30d > 100 AND features_30d >= 5",
     .needed = true, .help = "SQL condition over the columns of the view customer_profile."},
    {0}};

static const struct option_row format_rows[] = {
    {"type", V_TEXT, FORMAT(type), NULL, .example = "csv", .needed = true,
     .help = "The parser: csv, ndjson, regex or another that `callswell formats` lists."},
    {"summary", V_TEXT, FORMAT(summary), NULL, .example = "Records of the Acme bridge",
     .help = "One line for `callswell formats`."},
    {"header", V_BOOL, FORMAT(header), "no", .example = "yes",
     .help = "csv: the first line names the columns."},
    {"separator", V_TEXT, FORMAT(separator), NULL, .example = ",",
     .help = "csv: the byte between columns, a comma unless given; '\\t' is a tab."},
    {"quote", V_TEXT, FORMAT(quote), NULL, .example = "\"",
     .help = "csv: the byte around a column that holds separators, a double quote unless given; "
             "\"\" switches quoting off."},
    {"columns", V_LIST, FORMAT(columns), NULL, .elsewhere = true, .example = "Account|Begin|Secs",
     .help =
         "csv: the columns by position, when there is no header; \"*\" as the last one stands for "
         "any number more, which are passed over. fixed: each with the bytes it stands in, "
         "counted from 1, \"start:1-19\"; \"reason:40-\" goes to the line's end."},
    {"records", V_TEXT, FORMAT(records), NULL, .elsewhere = true, .example = "report.calls",
     .help = "json, xml: where the records are, \"report.calls\" (arrays are gone through), "
             "\"report/call\"; the whole document unless given."},
    {"map", V_LIST, FORMAT(map), NULL, .example = "customer=Account|start=Begin|duration=Secs",
     .help =
         "\"FIELD=COLUMN\" (csv, fixed), \"FIELD=KEY.KEY\" (ndjson, json), \"FIELD=GROUP\" "
         "(regex), \"FIELD=ELEMENT/@ATTRIBUTE\" (xml). In json \"$.KEY\" begins at the document's "
         "top and \"^.KEY\" at the object around the record, in xml \"/\" and \"../\" do. A column "
         "called like a field needs no entry."},
    {"join", V_LIST, FORMAT(join), NULL, .elsewhere = true,
     .example = "start=Date+Time|id=Node+Call",
     .help = "\"FIELD=COLUMN+COLUMN\": a field made of several columns; start and end with a blank "
             "between them, all others with a colon. It stands before what a column says that is "
             "only called like the field."},
    {"units", V_LIST, FORMAT(units), NULL, .example = "duration=seconds",
     .help = "\"FIELD=UNIT\": how duration, wait and handle are written: seconds, milliseconds, "
             "minutes, tenths (of a minute), clock (1:02:03 or 02:03) or iso (PT1H2M3S)."},
    {"defaults", V_LIST, FORMAT(defaults), NULL, .example = "region=emea",
     .help = "\"FIELD=TEXT\": what is taken when the field is absent."},
    {"null", V_LIST, FORMAT(null), NULL, .example = "customer=-",
     .help = "\"FIELD=TEXT\": this text means that the field is absent."},
    {"outcome", V_LIST, FORMAT(outcome), NULL, .example = "CLEARED=ok|REFUSED=rejected",
     .help =
         "\"TEXT=OUTCOME\": ok, failed, rejected, abandoned, or ignore. \"*=OUTCOME\" is for all "
         "texts that are not known otherwise; without it they are refused."},
    {"kind", V_LIST, FORMAT(kind), NULL, .example = "AGENT=contact|TEST=ignore",
     .help =
         "\"TEXT=KIND\": leg, join, leave, contact and the other kinds, or ignore. \"*=KIND\" as "
         "with outcome."},
    {"ignore", V_LIST, FORMAT(ignore), NULL, .example = "state=TEST",
     .help = "\"FIELD=TEXT\": such records are left out, and counted as ignored."},
    {"features_separator", V_TEXT, FORMAT(features_separator), NULL, .example = ";",
     .help = "Between the features of a record, a semicolon unless given."},
    {"time_format", V_TEXT, FORMAT(time_format), NULL, .example = "%d.%m.%Y %H:%M:%S",
     .help = "How times are written: \"auto\" (RFC 3339 and epoch numbers, the default) or a "
             "pattern with %Y %m %d %H %M %S %b %e %y %z %Z %s %f %T %F %p %I %%. One with a clock "
             "and no day (\"%H%M\") means the latest such moment before the record came; not for "
             "files and streams."},
    {"timezone", V_TEXT, FORMAT(timezone), NULL, .example = "Europe/Berlin",
     .help = "Time zone of times without one, UTC unless given."},
    {"pattern", V_TEXT, FORMAT(pattern), NULL, .elsewhere = true,
     .example = "(?<customer>\\S+) joined (?<conference>\\d+) at (?<start>.+)",
     .help = "regex: a regular expression (PCRE2) over the line, with a named group for each "
             "field. Easiest in single quotes."},
    {"conferences", V_BOOL, FORMAT(conferences), "no", .example = "yes",
     .help = "Legs that come whole (CDRs) and name their conference make up rows of it in the "
             "store's table conference and view meeting, as joins and leaves always do. Keeping "
             "them costs more than counting their legs does."},
    {"envelope", V_CHOICE, FORMAT(envelope), NULL, .elsewhere = true, .choices = "syslog",
     .example = "syslog",
     .help = "syslog: each line is a syslog message (RFC 3164 or 5424) whose text is a record; the "
             "header's time is taken where the record has none, and `map` may use SYSLOG_HOST and "
             "SYSLOG_APP. The same for any format without a section of its own: format = "
             "\"syslog:NAME\" at the input."},
    {0}};

#define UNTITLED(label, table, words)                                                              \
    {                                                                                              \
        .name = label, .rows = table, .help = words                                                \
    }
#define TITLED(label, table, sample, member, number, type, nm, words)                              \
    {                                                                                              \
        .name = label, .rows = table, .help = words, .title = sample, .items = MAIN(member),       \
        .count = MAIN(number), .item_size = sizeof(type), .name_offset = offsetof(type, nm)        \
    }

const struct section_row config_sections[SECTION_COUNT] = {
    [SECTION_MAIN] = UNTITLED(NULL, main_rows, NULL),
    [SECTION_REDIS] = UNTITLED("redis", redis_rows, "Where trends are kept."),
    [SECTION_STORE] = UNTITLED("store", store_rows, "Where signals and answers are kept."),
    [SECTION_HTTP] = UNTITLED("http", http_rows, "The HTTP server."),
    [SECTION_RETENTION] = UNTITLED("retention", retention_rows,
                                   "How long trends are kept after their own period; 0 is for "
                                   "ever."),
    [SECTION_LIMITS] = UNTITLED("limits", limit_rows, "What input may cost."),
    [SECTION_PAIRING] =
        UNTITLED("pairing", pairing_rows,
                 "How long joins and leaves wait for each other, by the clock and by the newest "
                 "event of their source, whichever passes first."),
    [SECTION_PRIVACY] = UNTITLED("privacy", privacy_rows, "What is kept of people's names."),
    [SECTION_SIGNALS] =
        UNTITLED("signals", config_signal_rows, "What is said to be out of the ordinary."),
    [SECTION_WHY] = UNTITLED("why", config_why_rows, "What reasons for changes are made of."),
    [SECTION_INPUT] = TITLED("input", input_rows, "bridge", inputs, input_count,
                             struct config_input, title, "One for each place records come from."),
    [SECTION_SERVICE] = TITLED("service", config_service_rows, "operator", services, service_count,
                               struct config_service, name,
                               "A service type that needs people, and what it promises."),
    [SECTION_FEATURE] =
        TITLED("feature", feature_rows, "recording", features, feature_count, struct rule_option,
               name, "One name for what systems call differently."),
    [SECTION_SEGMENT] = TITLED("segment", segment_rows, "power user", segments, segment_count,
                               struct config_segment, name,
                               "Customers who have something in "
                               "common."),
    [SECTION_WEBHOOK] = TITLED(
        "webhook", config_webhook_rows, "crm", webhooks, webhook_count, struct config_webhook, name,
        "Who is told of signals: messages with Standard Webhooks headers, in order of each "
        "subject, again and again until one is taken."),
    [SECTION_FORMAT] =
        TITLED("format", format_rows, "acme", formats, format_count, struct format_options, name,
               "A format of your own. A shipped one of the same name gives way."),
};
