#include "catalog/findings/codeowners.h"
#include "formats/glob.h"
#include <string.h>

#define RULES_MAX 20000

typedef struct {
    const char *pattern; /* a glob from the root */
    gboolean folder;     /* only what lies below it */
    gboolean shallow;    /* nothing that lies below it */
    const char *const *owners;
    int line;
} Rule;

struct Codeowners {
    Rule *rules;
    guint count;
};

/* The next word from *at on, with "\ " and "\#" undone; NULL at the end of the line or a comment.
 */
static char *next_word(Arena *arena, const char **at, const char *end)
{
    g_autoptr(GString) word = g_string_new(NULL);
    const char *c = *at;

    while (c < end && g_ascii_isspace(*c))
        c++;
    if (c == end || *c == '#')
        return NULL;
    for (; c < end && !g_ascii_isspace(*c); c++) {
        if (*c == '\\' && c + 1 < end)
            c++;
        g_string_append_c(word, *c);
    }
    *at = c;
    return arena_strdup(arena, word->str);
}

static gboolean is_pattern(const char *pattern)
{
    return *pattern != '!' && !strpbrk(pattern, "[]") && !g_str_equal(pattern, "/");
}

/* As in .gitignore: with a slash at its beginning or inside it starts at the root, otherwise
 * anywhere; what matches a folder matches all below. But "docs/<star>" holds for one level. */
static void set_pattern(Arena *arena, Rule *rule, const char *pattern)
{
    gsize length = strlen(pattern);
    const char *slash;

    rule->folder = length > 0 && pattern[length - 1] == '/';
    pattern = arena_strndup(arena, pattern, length - (rule->folder ? 1 : 0));
    slash = strchr(pattern, '/');
    rule->shallow = !rule->folder && slash && g_str_has_suffix(pattern, "/*");
    rule->pattern =
        slash ? pattern + (*pattern == '/' ? 1 : 0) : arena_printf(arena, "**/%s", pattern);
}

static gboolean parse_line(Arena *arena, const char *line, const char *end, Rule *rule)
{
    g_autoptr(GPtrArray) owners = g_ptr_array_new();
    const char *pattern = next_word(arena, &line, end), *owner;
    const char **list;

    if (!pattern || !is_pattern(pattern))
        return FALSE;
    set_pattern(arena, rule, pattern);
    while ((owner = next_word(arena, &line, end)))
        g_ptr_array_add(owners, (gpointer)owner);
    list = arena_new0(arena, const char *, owners->len + 1);
    for (guint i = 0; i < owners->len; i++)
        list[i] = owners->pdata[i];
    rule->owners = list;
    return TRUE;
}

Codeowners *codeowners_parse(Arena *arena, const char *text)
{
    g_autoptr(GArray) rules = g_array_new(FALSE, TRUE, sizeof(Rule));
    Codeowners *codeowners = arena_new0(arena, Codeowners, 1);

    for (int line = 1; *text && rules->len < RULES_MAX; line++) {
        const char *end = text + strcspn(text, "\n");
        Rule rule = {.line = line};

        if (parse_line(arena, text, end, &rule))
            g_array_append_val(rules, rule);
        text = *end ? end + 1 : end;
    }
    codeowners->count = rules->len;
    codeowners->rules = arena_new0(arena, Rule, rules->len + 1);
    for (guint i = 0; i < rules->len; i++)
        codeowners->rules[i] = g_array_index(rules, Rule, i);
    return codeowners;
}

static gboolean rule_matches(const Rule *rule, const char *path)
{
    g_autofree char *below = g_strconcat(rule->pattern, "/**", NULL);

    return (!rule->folder && glob_matches(rule->pattern, path, GLOB_PLAIN)) ||
           (!rule->shallow && glob_matches(below, path, GLOB_PLAIN));
}

const char *const *codeowners_of(const Codeowners *codeowners, const char *path, int *line)
{
    for (guint i = codeowners->count; i > 0; i--) {
        const Rule *rule = &codeowners->rules[i - 1];

        if (!rule_matches(rule, path))
            continue;
        *line = rule->line;
        return rule->owners;
    }
    return NULL;
}
