/* ~/.config/pave/credentials.json: {current: url, servers: {url: {token, tokenId}}}, for its owner
 * only. */
#include "cli/client.h"
#include "formats/json.h"
#include <errno.h>
#include <glib/gstdio.h>
#include <string.h>

static char *credentials_file(void)
{
    return g_build_filename(g_get_user_config_dir(), "pave", "credentials.json", NULL);
}

static Value *read_all(Arena *arena)
{
    g_autofree char *file = credentials_file(), *text = NULL;
    Value *all =
        g_file_get_contents(file, &text, NULL, NULL) ? json_parse(arena, text, -1, NULL) : NULL;

    return value_is(all, VALUE_OBJECT) ? all : value_object_new(arena);
}

static gboolean write_all(const Value *all, GError **error)
{
    g_autofree char *file = credentials_file(), *folder = g_path_get_dirname(file);
    g_autofree char *text = json_to_string(all, JSON_PRETTY);

    if (g_mkdir_with_parents(folder, 0700) != 0) {
        g_set_error(error, PAVE_ERROR, ERROR_INTERNAL, "cannot make %s: %s", folder,
                    g_strerror(errno));
        return FALSE;
    }
    return g_file_set_contents_full(file, text, -1, G_FILE_SET_CONTENTS_CONSISTENT, 0600, error);
}

gboolean credentials_read(char **url, char **token, char **token_id)
{
    g_autoptr(Arena) arena = arena_new(1 << 20);
    const Value *all = read_all(arena);
    const char *wanted = *url ? *url : value_path_string(all, "current", NULL);
    const Value *server = wanted ? value_get(value_get(all, "servers"), wanted) : NULL;

    if (!server)
        return FALSE;
    if (!*url)
        *url = g_strdup(wanted);
    *token = g_strdup(value_path_string(server, "token", NULL));
    if (token_id)
        *token_id = g_strdup(value_path_string(server, "tokenId", NULL));
    return TRUE;
}

/* server NULL removes it. */
static gboolean change(const char *url, Arena *arena, const Value *server, GError **error)
{
    Value *all = value_clone_shallow(arena, read_all(arena));
    const Value *old = value_get(all, "servers");
    Value *servers =
        value_is(old, VALUE_OBJECT) ? value_clone_shallow(arena, old) : value_object_new(arena);

    value_set(arena, servers, url, server);
    value_set(arena, all, "servers", servers);
    value_set_string(arena, all, "current",
                     server                     ? url
                     : value_count(servers) > 0 ? value_key_at(servers, 0)
                                                : NULL);
    return write_all(all, error);
}

gboolean credentials_write(const char *url, const char *token, const char *token_id, GError **error)
{
    g_autoptr(Arena) arena = arena_new(1 << 20);
    Value *server = value_object_new(arena);

    value_set_string(arena, server, "token", token);
    value_set_string(arena, server, "tokenId", token_id);
    return change(url, arena, server, error);
}

gboolean credentials_remove(const char *url, GError **error)
{
    g_autoptr(Arena) arena = arena_new(1 << 20);

    return change(url, arena, NULL, error);
}
