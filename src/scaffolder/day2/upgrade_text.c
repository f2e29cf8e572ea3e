/* What an upgrade's pull request says to people. */
#include "scaffolder/scaffolder_internal.h"

#define FILES_SHOWN_MAX 100

const char *upgrade_short(Arena *arena, const char *version)
{
    const char *colon = strchr(version, ':');

    return arena_printf(arena, "%.8s", colon ? colon + 1 : version);
}

static const char *name_of(const char *template)
{
    const char *slash = strrchr(template, '/');

    return slash ? slash + 1 : template;
}

const char *upgrade_title(Arena *arena, const UpgradeRow *row, const char *version)
{
    return arena_printf(arena, "Upgrade to %.100s %s", name_of(row->template),
                        upgrade_short(arena, version));
}

static bool has_status(const Value *file, const char *status)
{
    return g_str_equal(value_path_string(file, "status", ""), status);
}

static void list_files(GString *text, const Value *files, const char *status, const char *heading)
{
    guint shown = 0;

    for (guint i = 0; i < value_count(files); i++) {
        const Value *file = value_item(files, i);
        const char *reason = value_path_string(file, "reason", NULL);

        if (!has_status(file, status))
            continue;
        if (shown == 0)
            g_string_append_printf(text, "\n### %s\n\n", heading);
        if (shown++ < FILES_SHOWN_MAX)
            g_string_append_printf(text, "- `%s`%s%s\n", value_path_string(file, "path", ""),
                                   reason ? ": " : "", reason ? reason : "");
    }
    if (shown > FILES_SHOWN_MAX)
        g_string_append_printf(text, "- and %u more\n", shown - FILES_SHOWN_MAX);
}

static void say_how(GString *text, const char *branch)
{
    g_string_append_printf(
        text,
        "\nEach has both sides between `<<<<<<<` and `>>>>>>>`. To go on:\n\n"
        "```\ngit fetch origin\ngit switch %s\n```\n\n"
        "Leave in each place what should stay, remove the marks, commit and push. A pipeline that"
        " runs on pull requests shows whether it works.\n",
        branch);
}

const char *upgrade_body(Arena *arena, const UpgradeRow *row, const UpgradePoint *to,
                         const Value *outcome)
{
    g_autoptr(GString) text = g_string_new(NULL);
    const Value *files = value_get(outcome, "files");
    int64_t conflicts = value_int(value_get(outcome, "conflicts"), 0);

    g_string_append_printf(text,
                           "This repository was made of `%s` at version `%s`, which is now at"
                           " `%s`. What changed in the template since is merged into what the"
                           " repository has become.\n",
                           row->template, row->at.version, to->version);
    if (conflicts > 0) {
        list_files(text, files, "conflict", "Conflicts");
        say_how(text, row->branch);
    }
    list_files(text, files, "modified", "Changed");
    list_files(text, files, "added", "Added");
    list_files(text, files, "renamed", "Renamed");
    list_files(text, files, "deleted", "Deleted");
    list_files(text, files, "kept", "Left alone");
    g_string_append(text, "\nOnce this is merged, the repository is at the new version. Closing it"
                          " leaves everything as it is.\n");
    return arena_strdup(arena, text->str);
}
