/* What an administrator does on the machine itself: backup, restore, keys, passwords. */
#include "cli/admin.h"
#include "cli/cli_internal.h"
#include "cli/commands.h"
#include "cli/screen.h"
#include "identity/identity.h"
#include "spine/backup.h"
#include "spine/config.h"
#include "spine/secrets.h"
#include <string.h>
#include <unistd.h>

typedef struct {
    char **config_files, **rest;
    char *data_folder, *database_url, *key_file;
    Config *config;
} Place;

static void place_clear(Place *place)
{
    g_strfreev(place->config_files);
    g_strfreev(place->rest);
    g_free(place->data_folder);
    g_free(place->database_url);
    g_free(place->key_file);
    g_clear_pointer(&place->config, config_free);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Place, place_clear)

static gboolean place_find(Place *place, int argc, char **argv)
{
    const GOptionEntry entries[] = {
        {"config", 'c', 0, G_OPTION_ARG_FILENAME_ARRAY, &place->config_files,
         "Configuration, as for pave serve", "FILE"},
        {"data", 'd', 0, G_OPTION_ARG_FILENAME, &place->data_folder, "Data folder", "DIR"},
        {NULL}};
    g_autofree char *usual_url = NULL, *usual_key = NULL;
    char *absolute;

    if (!cli_parse(argc, argv, entries, &place->rest))
        return FALSE;
    place->config = cli_load_config(place->config_files);
    if (!place->config)
        return FALSE;
    if (!place->data_folder)
        place->data_folder = cli_data_folder(place->config);
    absolute = g_canonicalize_filename(place->data_folder, NULL);
    g_free(place->data_folder);
    place->data_folder = absolute;
    usual_url = g_strdup_printf("sqlite:%s/pave.db", absolute);
    usual_key = g_strconcat(absolute, ".key", NULL);
    place->database_url = g_strdup(config_string(place->config, "backend.database.url", usual_url));
    place->key_file = g_strdup(config_string(place->config, "backend.keyFile", usual_key));
    return TRUE;
}

int command_backup(int argc, char **argv)
{
    g_auto(Place) place = {0};
    g_autoptr(GError) error = NULL;

    if (!place_find(&place, argc, argv))
        return EXIT_USAGE;
    if (g_strv_length(place.rest) != 1)
        return cli_usage("backup takes the file to write");
    if (!backup_write(place.database_url, place.data_folder, place.rest[0], &error))
        return cli_fail(error);
    g_print("Wrote %s. The key is not in it: keep %s elsewhere.\n", place.rest[0], place.key_file);
    return EXIT_OK;
}

int command_restore(int argc, char **argv)
{
    g_auto(Place) place = {0};
    g_autoptr(GError) error = NULL;

    if (!place_find(&place, argc, argv))
        return EXIT_USAGE;
    if (g_strv_length(place.rest) != 1)
        return cli_usage("restore takes the file of a backup");
    if (!backup_restore(place.rest[0], place.database_url, place.data_folder, &error))
        return cli_fail(error);
    g_print("Restored into %s.\n", place.data_folder);
    return EXIT_OK;
}

int command_keys_rotate(int argc, char **argv)
{
    g_auto(Place) place = {0};
    g_autoptr(GError) error = NULL;
    g_autoptr(Db) db = NULL;
    g_autoptr(Secrets) secrets = NULL;

    if (!place_find(&place, argc, argv))
        return EXIT_USAGE;
    db = db_open(place.database_url, &error);
    secrets = db ? secrets_open(db, place.key_file, FALSE, &error) : NULL;
    if (!secrets || !secrets_rotate(secrets, &error))
        return cli_fail(error);
    g_print("There is a new key in %s.\n", place.key_file);
    return EXIT_OK;
}

/* Twice at a terminal, once from a pipe. */
static char *ask_password(void)
{
    g_autofree char *first = screen_ask("New password: ", FALSE), *second = NULL;

    if (!first || !isatty(STDIN_FILENO))
        return g_steal_pointer(&first);
    second = screen_ask("Once more: ", FALSE);
    if (g_strcmp0(first, second) == 0)
        return g_steal_pointer(&first);
    cli_usage("the two are not the same");
    return NULL;
}

int command_user_set_password(int argc, char **argv)
{
    g_auto(Place) place = {0};
    g_autoptr(GError) error = NULL;
    g_autoptr(Db) db = NULL;
    g_autoptr(Events) events = NULL;
    g_autoptr(Identity) identity = NULL;
    g_autofree char *password = NULL, *ref = NULL;

    if (!place_find(&place, argc, argv))
        return EXIT_USAGE;
    if (g_strv_length(place.rest) != 1)
        return cli_usage("user set-password takes the name of a user");
    password = ask_password();
    if (!password)
        return EXIT_USAGE;
    ref = strchr(place.rest[0], ':') ? g_strdup(place.rest[0])
                                     : g_strconcat("user:default/", place.rest[0], NULL);
    db = db_open(place.database_url, &error);
    events = db ? events_new(db) : NULL;
    identity = db ? identity_new(db, events, place.config, &error) : NULL;
    if (!identity || !identity_set_password(identity, ref, password, &error))
        return cli_fail(error);
    g_print("%s has a new password and is signed out everywhere.\n", ref);
    return EXIT_OK;
}
