/* Every key of app-config.yaml. A room that reads a new key adds its line here; `*` stands for any
 * name, `[]` for the items of a list. */
#include "spine/config_internal.h"
#include <string.h>

enum {
    TEXT = 1 << 0,
    BOOLEAN = 1 << 1, /* or "true", "false": what a variable gives is text */
    NUMBER = 1 << 2,  /* or text that is one */
    DURATION = 1 << 3,
    PATH = 1 << 4,    /* of a file, relative to the one it is written in; URLs stay as they are */
    COMMAND = 1 << 5, /* looked up on PATH unless it starts with ./ or ../ */
    LIST = 1 << 6,
    OBJECT = 1 << 7,
    ANYTHING = 1 << 8 /* and whatever is below it */
};

typedef struct {
    const char *path;
    unsigned kinds;
    const char *choices; /* "a|b" */
} Rule;

static const Rule rules[] = {
    {"app.title", TEXT},
    {"app.baseUrl", TEXT},
    {"app.support", ANYTHING},
    {"organization.name", TEXT},

    {"backend.baseUrl", TEXT},
    {"backend.listen", TEXT | OBJECT},
    {"backend.listen.host", TEXT},
    {"backend.listen.port", NUMBER},
    {"backend.https.certificate.cert", TEXT},
    {"backend.https.certificate.key", TEXT},
    {"backend.database.url", TEXT},
    {"backend.dataFolder", PATH},
    {"backend.keyFile", PATH},
    {"backend.trustedProxies", LIST},
    {"backend.trustedProxies[]", TEXT},
    {"backend.reading.allow", LIST},
    {"backend.reading.allow[].host", TEXT},
    {"backend.reading.allow[].paths", LIST},
    {"backend.reading.allow[].paths[]", TEXT},

    {"auth.environment", TEXT},
    {"auth.providers.guest.enabled", BOOLEAN},
    {"auth.providers.guest.userEntityRef", TEXT},
    {"auth.users", LIST},
    {"auth.users[].name", TEXT},
    {"auth.users[].password", TEXT},
    {"auth.users[].passwordHash", TEXT},
    {"auth.users[].userEntityRef", TEXT},
    {"auth.users[].displayName", TEXT},
    {"auth.users[].email", TEXT},
    {"auth.tokens.maximumLifetime", DURATION},
    {"auth.session.lifetime", DURATION},
    {"auth.admins", LIST},
    {"auth.admins[]", TEXT},

    {"integrations.github", LIST},
    {"integrations.github[].host", TEXT},
    {"integrations.github[].token", TEXT},
    {"integrations.github[].apiBaseUrl", TEXT},
    {"integrations.github[].rawBaseUrl", TEXT},
    {"integrations.gitlab", LIST},
    {"integrations.gitlab[].host", TEXT},
    {"integrations.gitlab[].token", TEXT},
    {"integrations.gitlab[].apiBaseUrl", TEXT},
    {"integrations.gitlab[].baseUrl", TEXT},
    {"integrations.gitea", LIST},
    {"integrations.gitea[].host", TEXT},
    {"integrations.gitea[].baseUrl", TEXT},
    {"integrations.gitea[].username", TEXT},
    {"integrations.gitea[].password", TEXT},
    {"integrations.bitbucketCloud", LIST},
    {"integrations.bitbucketCloud[].host", TEXT},
    {"integrations.bitbucketCloud[].username", TEXT},
    {"integrations.bitbucketCloud[].appPassword", TEXT},
    {"integrations.bitbucketCloud[].token", TEXT},
    {"integrations.bitbucketCloud[].apiBaseUrl", TEXT},
    {"integrations.bitbucketServer", LIST},
    {"integrations.bitbucketServer[].host", TEXT},
    {"integrations.bitbucketServer[].token", TEXT},
    {"integrations.bitbucketServer[].username", TEXT},
    {"integrations.bitbucketServer[].password", TEXT},
    {"integrations.bitbucketServer[].apiBaseUrl", TEXT},

    {"catalog.rules", LIST},
    {"catalog.rules[].allow", LIST},
    {"catalog.rules[].allow[]", TEXT | OBJECT},
    {"catalog.rules[].allow[].kind", TEXT},
    {"catalog.rules[].allow[].spec", ANYTHING},
    {"catalog.rules[].locations", LIST},
    {"catalog.rules[].locations[].type", TEXT},
    {"catalog.rules[].locations[].exact", TEXT},
    {"catalog.rules[].locations[].pattern", TEXT},
    {"catalog.kinds", LIST},
    {"catalog.kinds[].apiVersion", TEXT},
    {"catalog.kinds[].kind", TEXT},
    {"catalog.kinds[].plural", TEXT},
    {"catalog.kinds[].schema", ANYTHING},
    {"catalog.kinds[].relations.*.relation", TEXT},
    {"catalog.kinds[].relations.*.inverse", TEXT},
    {"catalog.kinds[].relations.*.kind", TEXT},
    {"catalog.locations", LIST},
    {"catalog.locations[].type", TEXT, "file|url"},
    {"catalog.locations[].target", PATH},
    {"catalog.locations[].rules", LIST},
    {"catalog.locations[].rules[].allow", LIST},
    {"catalog.locations[].rules[].allow[]", TEXT | OBJECT},
    {"catalog.locations[].rules[].allow[].kind", TEXT},
    {"catalog.locations[].rules[].allow[].spec", ANYTHING},
    {"catalog.providers.forge.*.owner", TEXT},
    {"catalog.providers.forge.*.catalogPath", TEXT},
    {"catalog.providers.forge.*.filters.branch", TEXT},
    {"catalog.providers.forge.*.filters.repository", TEXT},
    {"catalog.providers.forge.*.filters.visibility", LIST},
    {"catalog.providers.forge.*.filters.visibility[]", TEXT, "public|internal|private"},
    {"catalog.providers.forge.*.schedule.frequency", DURATION},
    {"catalog.providers.forge.*.schedule.timeout", DURATION},
    {"catalog.providers.forge.*.schedule.initialDelay", DURATION},
    {"catalog.providers.github.*.host", TEXT},
    {"catalog.providers.github.*.organization", TEXT},
    {"catalog.providers.github.*.catalogPath", TEXT},
    {"catalog.providers.github.*.validateLocationsExist", BOOLEAN},
    {"catalog.providers.github.*.filters.branch", TEXT},
    {"catalog.providers.github.*.filters.repository", TEXT},
    {"catalog.providers.github.*.filters.allowForks", BOOLEAN},
    {"catalog.providers.github.*.filters.allowArchived", BOOLEAN},
    {"catalog.providers.github.*.filters.topic.include", LIST},
    {"catalog.providers.github.*.filters.topic.include[]", TEXT},
    {"catalog.providers.github.*.filters.topic.exclude", LIST},
    {"catalog.providers.github.*.filters.topic.exclude[]", TEXT},
    {"catalog.providers.github.*.filters.visibility", LIST},
    {"catalog.providers.github.*.filters.visibility[]", TEXT, "public|internal|private"},
    {"catalog.providers.github.*.schedule.frequency", DURATION},
    {"catalog.providers.github.*.schedule.timeout", DURATION},
    {"catalog.providers.github.*.schedule.initialDelay", DURATION},
    {"catalog.providers.githubOrg", LIST},
    {"catalog.providers.githubOrg[].id", TEXT},
    {"catalog.providers.githubOrg[].githubUrl", TEXT},
    {"catalog.providers.githubOrg[].orgs", LIST},
    {"catalog.providers.githubOrg[].orgs[]", TEXT},
    {"catalog.providers.githubOrg[].schedule.frequency", DURATION},
    {"catalog.providers.githubOrg[].schedule.timeout", DURATION},
    {"catalog.providers.githubOrg[].schedule.initialDelay", DURATION},
    {"catalog.providers.gitlab.*.host", TEXT},
    {"catalog.providers.gitlab.*.group", TEXT},
    {"catalog.providers.gitlab.*.branch", TEXT},
    {"catalog.providers.gitlab.*.fallbackBranch", TEXT},
    {"catalog.providers.gitlab.*.entityFilename", TEXT},
    {"catalog.providers.gitlab.*.catalogFile", TEXT},
    {"catalog.providers.gitlab.*.projectPattern", TEXT},
    {"catalog.providers.gitlab.*.groupPattern", TEXT | LIST},
    {"catalog.providers.gitlab.*.groupPattern[]", TEXT},
    {"catalog.providers.gitlab.*.skipForkedRepos", BOOLEAN},
    {"catalog.providers.gitlab.*.includeArchivedRepos", BOOLEAN},
    {"catalog.providers.gitlab.*.excludeRepos", LIST},
    {"catalog.providers.gitlab.*.excludeRepos[]", TEXT},
    {"catalog.providers.gitlab.*.excludeGroups", LIST},
    {"catalog.providers.gitlab.*.excludeGroups[]", TEXT},
    {"catalog.providers.gitlab.*.membership", BOOLEAN},
    {"catalog.providers.gitlab.*.topics", TEXT},
    {"catalog.providers.gitlab.*.schedule.frequency", DURATION},
    {"catalog.providers.gitlab.*.schedule.timeout", DURATION},
    {"catalog.providers.gitlab.*.schedule.initialDelay", DURATION},
    {"catalog.providers.gitea.*.host", TEXT},
    {"catalog.providers.gitea.*.organization", TEXT},
    {"catalog.providers.gitea.*.branch", TEXT},
    {"catalog.providers.gitea.*.catalogPath", TEXT},
    {"catalog.providers.gitea.*.schedule.frequency", DURATION},
    {"catalog.providers.gitea.*.schedule.timeout", DURATION},
    {"catalog.providers.gitea.*.schedule.initialDelay", DURATION},
    {"catalog.providers.bitbucketCloud.*.host", TEXT},
    {"catalog.providers.bitbucketCloud.*.workspace", TEXT},
    {"catalog.providers.bitbucketCloud.*.catalogPath", TEXT},
    {"catalog.providers.bitbucketCloud.*.filters.projectKey", TEXT},
    {"catalog.providers.bitbucketCloud.*.filters.repoSlug", TEXT},
    {"catalog.providers.bitbucketCloud.*.schedule.frequency", DURATION},
    {"catalog.providers.bitbucketCloud.*.schedule.timeout", DURATION},
    {"catalog.providers.bitbucketCloud.*.schedule.initialDelay", DURATION},
    {"catalog.providers.bitbucketServer.*.host", TEXT},
    {"catalog.providers.bitbucketServer.*.catalogPath", TEXT},
    {"catalog.providers.bitbucketServer.*.validateLocationsExist", BOOLEAN},
    {"catalog.providers.bitbucketServer.*.filters.projectKey", TEXT},
    {"catalog.providers.bitbucketServer.*.filters.repoSlug", TEXT},
    {"catalog.providers.bitbucketServer.*.filters.skipArchivedRepos", BOOLEAN},
    {"catalog.providers.bitbucketServer.*.schedule.frequency", DURATION},
    {"catalog.providers.bitbucketServer.*.schedule.timeout", DURATION},
    {"catalog.providers.bitbucketServer.*.schedule.initialDelay", DURATION},
    {"catalog.locations[].schedule", OBJECT},
    {"catalog.locations[].schedule.frequency", DURATION},
    {"catalog.locations[].schedule.timeout", DURATION},
    {"catalog.locations[].schedule.initialDelay", DURATION},
    {"catalog.schedule.frequency", DURATION},
    {"catalog.schedule.timeout", DURATION},
    {"catalog.schedule.initialDelay", DURATION},
    {"catalog.processingInterval", DURATION | BOOLEAN},
    {"catalog.orphanStrategy", TEXT, "delete|keep"},
    {"catalog.readonly", BOOLEAN},
    {"catalog.history.keep", DURATION},

    {"forge.hosts.*", TEXT, "builtin|github"},
    {"forge.repositories", LIST},
    {"forge.repositories[].owner", TEXT},
    {"forge.repositories[].name", TEXT},
    {"forge.repositories[].folder", PATH},
    {"forge.repositories[].description", TEXT},
    {"forge.repositories[].tags", LIST},
    {"forge.repositories[].tags[]", TEXT},

    {"scaffolder.defaultEnvironment.parameters", ANYTHING},
    {"scaffolder.defaultEnvironment.secrets", ANYTHING},
    {"scaffolder.defaultAuthor.name", TEXT},
    {"scaffolder.defaultAuthor.email", TEXT},
    {"scaffolder.defaultCommitMessage", TEXT},
    {"scaffolder.actions.*.description", TEXT},
    {"scaffolder.actions.*.schema", ANYTHING},
    {"scaffolder.actions.*.steps", ANYTHING},
    {"scaffolder.actions.*.output", ANYTHING},
    {"scaffolder.actions.*.program", LIST},
    {"scaffolder.actions.*.program[]", COMMAND},
    {"scaffolder.actions.*.network", TEXT, "host|none"},
    {"scaffolder.actions.*.environment.*", TEXT},
    {"scaffolder.actions.*.timeout", DURATION},
    {"scaffolder.actions.*.undo", LIST},
    {"scaffolder.actions.*.undo[]", COMMAND},
    {"scaffolder.actions.*.undoText", TEXT},
    {"scaffolder.actions.*.recovery", TEXT, "repeat|probe|ask"},
    {"scaffolder.actions.*.dryRun", BOOLEAN},
    {"scaffolder.actions.*.examples", ANYTHING},
    {"scaffolder.http.allow", LIST},
    {"scaffolder.http.allow[].host", TEXT},
    {"scaffolder.http.allow[].paths", LIST},
    {"scaffolder.http.allow[].paths[]", TEXT},

    {"infra.modules", LIST},
    {"infra.modules[].path", PATH},
    {"infra.program", COMMAND},
    {"infra.environment.*", TEXT},
    {"infra.network", TEXT, "host|none"},
    {"infra.mounts", LIST},
    {"infra.mounts[].from", PATH},
    {"infra.mounts[].to", TEXT},

    {"pipelines.actions.*", TEXT},
    {"pipelines.tools", PATH},
    {"pipelines.secrets.*", TEXT},
    {"pipelines.variables.*", TEXT},
    {"pipelines.network", TEXT, "host|none"},
    {"pipelines.environment.*", TEXT},
    {"pipelines.mounts", LIST},
    {"pipelines.mounts[].from", PATH},
    {"pipelines.mounts[].to", TEXT},

    {"deployments.environments", LIST},
    {"deployments.environments[].name", TEXT},
    {"deployments.environments[].production", BOOLEAN},
    {"deployments.environments[].variables.*", TEXT},
    {"deployments.mounts", LIST},
    {"deployments.mounts[].from", PATH},
    {"deployments.mounts[].to", TEXT},

    {"observability.metrics.public", BOOLEAN},
};

typedef struct {
    Arena *arena;
    const char *file, *folder;
    Diagnostics *diagnostics;
} Checker;

static const Value *check(const Checker *checker, const char *pattern, const Value *value);

/* ---- names ---- */

static guint edit_distance(const char *a, const char *b)
{
    gsize columns = strlen(b) + 1;
    g_autofree guint *row = g_new(guint, columns);

    for (guint j = 0; j < columns; j++)
        row[j] = j;
    for (guint i = 1; *a; a++, i++) {
        guint diagonal = row[0];

        row[0] = i;
        for (guint j = 1; j < columns; j++) {
            guint above = row[j];
            gboolean same = g_ascii_tolower(*a) == g_ascii_tolower(b[j - 1]);

            row[j] = MIN(MIN(above, row[j - 1]) + 1, diagonal + !same);
            diagonal = above;
        }
    }
    return row[columns - 1];
}

/* The segment of rule that follows pattern, or NULL where rule is not below it. */
static char *segment_below(const Rule *rule, const char *pattern)
{
    gsize length = strlen(pattern);
    const char *rest = rule->path + length;

    if (!g_str_has_prefix(rule->path, pattern))
        return NULL;
    if (length > 0 && *rest++ != '.')
        return NULL;
    return g_strndup(rest, strcspn(rest, ".["));
}

/* The segment of the schema that key stands for below pattern: itself, "*", or NULL with *nearest
 * set to the known name it looks like, if any. */
static char *known_segment(const char *pattern, const char *key, char **nearest)
{
    guint closest = (guint)strlen(key) / 3 + 2;

    *nearest = NULL;
    for (gsize i = 0; i < G_N_ELEMENTS(rules); i++) {
        g_autofree char *segment = segment_below(&rules[i], pattern);
        guint distance;

        if (!segment)
            continue;
        if (g_str_equal(segment, key) || g_str_equal(segment, "*"))
            return g_steal_pointer(&segment);
        distance = strlen(key) < 64 ? edit_distance(key, segment) : G_MAXUINT;
        if (distance < closest) {
            closest = distance;
            g_free(*nearest);
            *nearest = g_steal_pointer(&segment);
        }
    }
    return NULL;
}

static const Rule *rule_of(const char *pattern)
{
    for (gsize i = 0; i < G_N_ELEMENTS(rules); i++)
        if (g_str_equal(rules[i].path, pattern))
            return &rules[i];
    return NULL;
}

/* ---- kinds ---- */

static gboolean is_number_text(const char *text)
{
    char *end;

    g_ascii_strtod(text, &end);
    return *text && *end == '\0';
}

static gboolean text_fits(unsigned kinds, const Value *value)
{
    const char *text = value_string(value, "");
    int64_t ignored;

    if (kinds & (TEXT | PATH | COMMAND))
        return TRUE;
    if (kinds & BOOLEAN && (g_str_equal(text, "true") || g_str_equal(text, "false")))
        return TRUE;
    if (kinds & NUMBER && is_number_text(text))
        return TRUE;
    return kinds & DURATION && config_parse_duration(value, &ignored);
}

static gboolean fits(unsigned kinds, const Value *value)
{
    switch (value_kind(value)) {
    case VALUE_NULL:
        return TRUE;
    case VALUE_BOOL:
        return kinds & BOOLEAN;
    case VALUE_NUMBER:
        return kinds & NUMBER;
    case VALUE_STRING:
        return text_fits(kinds, value);
    case VALUE_ARRAY:
        return kinds & LIST;
    case VALUE_OBJECT:
        return kinds & OBJECT || (kinds & DURATION && config_parse_duration(value, &(int64_t){0}));
    }
    g_assert_not_reached();
}

static const char *kind_in_words(unsigned kinds)
{
    if (kinds & LIST)
        return "a list";
    if (kinds & DURATION)
        return "a duration, such as 15s, 10m or PT1H";
    if (kinds & BOOLEAN)
        return "true or false";
    if (kinds & NUMBER)
        return "a number";
    if (kinds & (PATH | COMMAND))
        return "a path";
    return kinds & TEXT ? "text (put it in quotes)" : "a mapping";
}

static gboolean is_choice(const char *choices, const char *text)
{
    g_auto(GStrv) words = g_strsplit(choices, "|", -1);

    return g_strv_contains((const char *const *)words, text);
}

static void check_kind(const Checker *checker, const Rule *rule, const Value *value)
{
    const char *text = value_string(value, NULL);
    const char *wanted = NULL;

    if (!fits(rule->kinds, value))
        wanted = kind_in_words(rule->kinds);
    else if (rule->choices && text && !is_choice(rule->choices, text))
        wanted = arena_printf(checker->arena, "one of %s", rule->choices);
    if (wanted)
        diagnostics_error(checker->diagnostics, "config-kind", checker->file, value_line(value),
                          value_column(value), "%s must be %s",
                          *rule->path ? rule->path : "the configuration", wanted);
}

static const Value *absolute_path(const Checker *checker, const Rule *rule, const Value *value)
{
    const char *text = value_string(value, "");
    gboolean dotted = g_str_has_prefix(text, "./") || g_str_has_prefix(text, "../");
    g_autofree char *path = NULL;
    Value *absolute;

    if (*text == '\0' || strstr(text, "://") || (rule->kinds & COMMAND && !dotted))
        return value;
    path = g_canonicalize_filename(text, checker->folder);
    absolute = value_string_new(checker->arena, path);
    value_set_position(absolute, value_line(value), value_column(value));
    return absolute;
}

/* ---- the walk ---- */

static void report_unknown(const Checker *checker, const char *pattern, const Value *object,
                           const char *key, const char *nearest)
{
    g_autofree char *message =
        g_strdup_printf("unknown key \"%s\"%s%s", key, *pattern ? " in " : "", pattern);
    g_autofree char *hint = nearest ? g_strdup_printf("did you mean \"%s\"?", nearest) : NULL;

    diagnostics_add(checker->diagnostics, &(Diagnostic){.severity = DIAGNOSTIC_ERROR,
                                                        .code = "config-unknown-key",
                                                        .message = message,
                                                        .file = checker->file,
                                                        .line = value_key_line(object, key),
                                                        .column = value_key_column(object, key),
                                                        .hint = hint});
}

static const Value *check_members(const Checker *checker, const char *pattern, const Value *object)
{
    Value *checked = value_object_new(checker->arena);

    value_set_position(checked, value_line(object), value_column(object));
    for (guint i = 0; i < value_count(object); i++) {
        const char *key = value_key_at(object, i);
        g_autofree char *nearest = NULL;
        g_autofree char *segment = known_segment(pattern, key, &nearest);
        g_autofree char *below = g_strconcat(pattern, *pattern ? "." : "", segment, NULL);

        if (segment) {
            value_set(checker->arena, checked, key,
                      check(checker, below, value_value_at(object, i)));
            value_set_key_position(checked, key, value_key_line(object, key),
                                   value_key_column(object, key));
        } else {
            report_unknown(checker, pattern, object, key, nearest);
        }
    }
    return checked;
}

static const Value *check_items(const Checker *checker, const char *pattern, const Value *list)
{
    Value *checked = value_array_new(checker->arena);
    g_autofree char *below = g_strconcat(pattern, "[]", NULL);

    value_set_position(checked, value_line(list), value_column(list));
    for (guint i = 0; i < value_count(list); i++)
        value_append(checker->arena, checked, check(checker, below, value_item(list, i)));
    return checked;
}

/* A pattern that no rule names itself stands for a mapping. */
static const Value *check(const Checker *checker, const char *pattern, const Value *value)
{
    static const Rule mapping = {NULL, OBJECT};
    const Rule *rule = rule_of(pattern);
    Rule named = rule ? *rule : mapping;

    named.path = pattern;
    if (named.kinds & ANYTHING)
        return value;
    check_kind(checker, &named, value);
    if (value_is(value, VALUE_OBJECT) && !(named.kinds & DURATION))
        return check_members(checker, pattern, value);
    if (value_is(value, VALUE_ARRAY))
        return check_items(checker, pattern, value);
    return named.kinds & (PATH | COMMAND) ? absolute_path(checker, &named, value) : value;
}

const Value *config_schema_apply(Arena *arena, const Value *root, const char *file,
                                 const char *folder, Diagnostics *diagnostics)
{
    Checker checker = {arena, file, folder, diagnostics};

    return check(&checker, "", root);
}
