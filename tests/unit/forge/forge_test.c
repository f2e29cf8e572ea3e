#include "test_forge.h"

/* ---- publishing ---- */

static void test_a_folder_becomes_a_repository_that_git_can_clone(TestDb *test)
{
    g_auto(TestForge) room = {0};
    g_autoptr(GError) error = NULL;
    const Value *made;

    test_forge_open(&room, test, "");
    made = test_publish(&room, "order-service", "intent-1", &error);
    g_assert_no_error(error);
    g_assert_cmpstr(value_path_string(made, "remoteUrl", ""), ==,
                    "http://pave.localhost:7007/acme-corp/order-service.git");
    g_assert_cmpstr(value_path_string(made, "repoContentsUrl", ""), ==,
                    "http://pave.localhost:7007/acme-corp/order-service/blob/main");

    g_free(GIT(&room, test->folder, "clone", "-q", "data/repositories/acme-corp/order-service.git",
               "clone"));
    g_autofree char *head = GIT(&room, test_path(&room, "clone"), "rev-parse", "HEAD");
    g_autofree char *branch =
        GIT(&room, test_path(&room, "clone"), "rev-parse", "--abbrev-ref", "HEAD");
    g_autofree char *files = GIT(&room, test_path(&room, "clone"), "ls-files", "-s");

    g_assert_cmpstr(head, ==, value_path_string(made, "commitHash", ""));
    g_assert_cmpstr(branch, ==, "main");
    g_assert_nonnull(strstr(files, "100755"));
    g_free(GIT(&room, test_path(&room, "data/repositories/acme-corp/order-service.git"), "fsck",
               "--strict"));
}

static void test_its_first_push_is_in_the_log_with_who_and_why(TestDb *test)
{
    g_auto(TestForge) room = {0};
    g_autoptr(GPtrArray) made = NULL;
    g_autoptr(GPtrArray) pushed = NULL;

    test_forge_open(&room, test, "");
    const Value *published = test_publish(&room, "order-service", "intent-1", NULL);

    made = test_events(&room, "dev.pave.forge.repository.created");
    pushed = test_events(&room, "dev.pave.forge.ref.updated");
    g_assert_cmpuint(made->len, ==, 1);
    g_assert_cmpuint(pushed->len, ==, 1);
    const Event *event = pushed->pdata[0];
    g_assert_cmpstr(event->subject, ==, "repository:acme-corp/order-service");
    g_assert_cmpstr(event->actor, ==, "user:default/ada");
    g_assert_cmpstr(event->cause, ==, "job-1");
    g_assert_cmpstr(value_path_string(event->payload, "ref", ""), ==, "refs/heads/main");
    g_assert_cmpstr(value_path_string(event->payload, "after", ""), ==,
                    value_path_string(published, "commitHash", "?"));
    g_assert_cmpstr(
        value_path_string(value_item(value_get(event->payload, "commits"), 0), "message", ""), ==,
        "initial commit");
}

static void test_a_name_that_exists_is_refused_and_left_alone(TestDb *test)
{
    g_auto(TestForge) room = {0};
    g_autoptr(GError) error = NULL;

    test_forge_open(&room, test, "");
    test_publish(&room, "order-service", "intent-1", NULL);
    g_autofree char *before = forge_resolve(room.forge, "acme-corp", "order-service", NULL, NULL);

    test_write(&room, "files-order-service/other.txt", "x");
    g_assert_null(test_publish(&room, "order-service", "intent-2", &error));
    g_assert_error(error, PAVE_ERROR, ERROR_CONFLICT);
    g_assert_nonnull(strstr(error->message, "acme-corp/order-service exists already"));
    g_clear_error(&error);
    g_assert_null(test_publish(&room, "Order-Service", "intent-3", &error));
    g_assert_error(error, PAVE_ERROR, ERROR_CONFLICT);
    g_autofree char *after = forge_resolve(room.forge, "acme-corp", "order-service", NULL, NULL);

    g_assert_cmpstr(after, ==, before);
}

static void test_a_folder_that_is_there_without_a_record_is_left_alone(TestDb *test)
{
    g_auto(TestForge) room = {0};
    g_autoptr(GError) error = NULL;
    g_autofree char *text = NULL;

    test_forge_open(&room, test, "");
    test_write(&room, "data/repositories/acme-corp/order-service.git/HEAD", "somebody's");
    g_assert_null(test_publish(&room, "order-service", "intent-1", &error));
    g_assert_error(error, PAVE_ERROR, ERROR_CONFLICT);
    g_assert_true(g_file_get_contents(
        test_path(&room, "data/repositories/acme-corp/order-service.git/HEAD"), &text, NULL, NULL));
    g_assert_cmpstr(text, ==, "somebody's");
}

static void test_publishing_again_with_the_same_intent_changes_nothing(TestDb *test)
{
    g_auto(TestForge) room = {0};
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) pushed = NULL;

    test_forge_open(&room, test, "");
    const Value *first = test_publish(&room, "order-service", "intent-1", NULL);
    const Value *second = test_publish(&room, "order-service", "intent-1", &error);
    const Value *probed = forge_probe(room.forge, room.arena, "github.com", "acme-corp",
                                      "order-service", "intent-1", &error);

    g_assert_no_error(error);
    g_assert_true(value_equal(first, second));
    g_assert_true(value_equal(first, probed));
    g_assert_null(forge_probe(room.forge, room.arena, "github.com", "acme-corp", "order-service",
                              "intent-2", &error));
    g_assert_no_error(error);
    pushed = test_events(&room, "dev.pave.forge");
    g_assert_cmpuint(pushed->len, ==, 2);
}

static gboolean run_sql(DbConn *tx, void *data, GError **error)
{
    return db_exec(tx, error, data, "") >= 0;
}

static void sql(TestForge *room, const char *text)
{
    g_autoptr(GError) error = NULL;

    db_write(room->test->db, run_sql, (void *)text, NULL, &error);
    g_assert_no_error(error);
}

/* The states a crash can leave: claimed and nothing built, half built, built but not recorded. */
static void test_an_interrupted_publication_goes_on_where_it_stopped(TestDb *test)
{
    g_auto(TestForge) room = {0};
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) pushed = NULL;

    test_forge_open(&room, test, "");
    const Value *whole = test_publish(&room, "a", "intent-a", NULL);

    sql(&room, "UPDATE forge_repository SET state = 'creating'");
    sql(&room, "DELETE FROM forge_ref");
    const Value *probed =
        forge_probe(room.forge, room.arena, "github.com", "acme-corp", "a", "intent-a", &error);
    g_assert_no_error(error);
    g_assert_true(value_equal(probed, whole));

    test_publish(&room, "b", "intent-b", NULL);
    sql(&room, "UPDATE forge_repository SET state = 'creating' WHERE name = 'b'");
    sql(&room, "DELETE FROM forge_ref WHERE repository_id = (SELECT id FROM forge_repository"
               " WHERE name = 'b')");
    g_assert_cmpint(g_rename(test_path(&room, "data/repositories/acme-corp/b.git"),
                             test_path(&room, "lost.git")),
                    ==, 0);
    g_assert_null(
        forge_probe(room.forge, room.arena, "github.com", "acme-corp", "b", "intent-b", &error));
    g_assert_no_error(error);
    g_assert_nonnull(test_publish(&room, "b", "intent-b", &error));
    g_assert_no_error(error);
    pushed = test_events(&room, "dev.pave.forge.ref.updated");
    g_assert_cmpuint(pushed->len, ==, 4);
}

static void test_links_out_of_the_folder_are_refused_and_the_name_stays_free(TestDb *test)
{
    static const char *const targets[] = {"/etc/passwd", "../secret", "bin/../../secret",
                                          "bin/../..", "../../x"};
    g_auto(TestForge) room = {0};

    test_forge_open(&room, test, "");
    for (guint i = 0; i < G_N_ELEMENTS(targets); i++) {
        g_autoptr(GError) error = NULL;
        const char *link = test_path(&room, "files-order-service/link");

        g_mkdir(test_path(&room, "files-order-service"), 0755);
        g_remove(link);
        g_assert_cmpint(symlink(targets[i], link), ==, 0);
        g_assert_null(test_publish(&room, "order-service", "intent-1", &error));
        g_assert_error(error, PAVE_ERROR, ERROR_INPUT);
        g_assert_nonnull(strstr(error->message, "leads out of its folder"));
        g_remove(link);
    }
    g_autoptr(GError) error = NULL;

    g_assert_cmpint(symlink("run", test_path(&room, "files-order-service/bin/link")), ==, 0);
    g_assert_nonnull(test_publish(&room, "order-service", "intent-2", &error));
    g_assert_no_error(error);
}

static void test_bad_names_are_refused(TestDb *test)
{
    static const char *const names[] = {"", ".", "..", "../x", "a/b", "x.git", "-x", "a b", "ö"};
    g_auto(TestForge) room = {0};

    test_forge_open(&room, test, "");
    for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autoptr(GError) error = NULL;
        ForgePublish publish = {.host = "github.com", .owner = "acme-corp", .name = names[i]};
        ForgePublish other = {.host = "github.com", .owner = names[i], .name = "x"};

        g_assert_null(forge_publish(room.forge, room.arena, &publish, &error));
        g_assert_error(error, PAVE_ERROR, ERROR_INPUT);
        g_clear_error(&error);
        if (g_str_equal(names[i], "x.git"))
            continue;
        g_assert_null(forge_publish(room.forge, room.arena, &other, &error));
        g_assert_error(error, PAVE_ERROR, ERROR_INPUT);
    }
}

static void test_a_host_that_is_not_configured_is_named(TestDb *test)
{
    g_auto(TestForge) room = {0};
    g_autoptr(GError) error = NULL;
    ForgePublish publish = {.host = "gitlab.com", .owner = "a", .name = "b"};

    test_forge_open(&room, test, "");
    g_assert_null(forge_publish(room.forge, room.arena, &publish, &error));
    g_assert_error(error, PAVE_ERROR, ERROR_INPUT);
    g_assert_nonnull(strstr(error->message, "gitlab.com is not configured"));
}

/* ---- refs ---- */

static void push_change(TestForge *room, const char *name, const char *text, const char *target)
{
    const char *clone = test_path(room, "work");
    g_autofree char *bare = g_strdup_printf("data/repositories/acme-corp/%s.git", name);
    g_autofree char *file = g_build_filename(clone, "README.md", NULL);

    if (!g_file_test(clone, G_FILE_TEST_EXISTS))
        g_free(GIT(room, room->test->folder, "clone", "-q", bare, "work"));
    g_assert_true(g_file_set_contents(file, text, -1, NULL));
    g_free(GIT(room, clone, "commit", "-qam", text));
    g_free(GIT(room, clone, "push", "-q", "origin", target));
}

static void test_a_push_the_log_missed_is_found_at_start_once(TestDb *test)
{
    g_auto(TestForge) room = {0};
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) pushed = NULL;

    test_forge_open(&room, test, "");
    test_publish(&room, "order-service", "intent-1", NULL);
    push_change(&room, "order-service", "one", "HEAD:main");
    push_change(&room, "order-service", "two", "HEAD:main");
    push_change(&room, "order-service", "three", "HEAD:refs/heads/side");
    g_assert_true(forge_start(room.forge, &error));
    g_assert_true(forge_start(room.forge, &error));
    g_assert_no_error(error);

    pushed = test_events(&room, "dev.pave.forge.ref.updated");
    g_assert_cmpuint(pushed->len, ==, 3);
    const Event *main_push = pushed->pdata[1];
    const Value *commits = value_get(main_push->payload, "commits");
    g_assert_cmpstr(main_push->actor, ==, "Ada"); /* whom git's reflog names */
    g_assert_cmpuint(value_count(commits), ==, 2);
    g_assert_cmpstr(value_path_string(value_item(commits, 0), "message", ""), ==, "two");

    g_free(GIT(&room, test_path(&room, "work"), "push", "-q", "origin", ":side"));
    g_assert_true(forge_start(room.forge, &error));
    g_ptr_array_unref(pushed);
    pushed = test_events(&room, "dev.pave.forge.ref.updated");
    g_assert_cmpuint(pushed->len, ==, 4);
    g_assert_cmpstr(value_path_string(((Event *)pushed->pdata[3])->payload, "after", ""), ==,
                    "0000000000000000000000000000000000000000");
}

/* ---- reading ---- */

static void test_files_folders_and_commits_are_read(TestDb *test)
{
    g_auto(TestForge) room = {0};
    g_autoptr(GError) error = NULL;

    test_forge_open(&room, test, "");
    const Value *made = test_publish(&room, "order-service", "intent-1", NULL);
    push_change(&room, "order-service", "changed", "HEAD:main");
    g_assert_true(forge_start(room.forge, &error));

    g_autoptr(GBytes) now =
        forge_read_file(room.forge, "acme-corp", "order-service", NULL, "README.md", &error);
    g_autoptr(GBytes) then =
        forge_read_file(room.forge, "acme-corp", "order-service",
                        value_path_string(made, "commitHash", ""), "/README.md", &error);
    g_assert_no_error(error);
    g_assert_cmpmem(g_bytes_get_data(now, NULL), g_bytes_get_size(now), "changed", 7);
    g_assert_cmpmem(g_bytes_get_data(then, NULL), g_bytes_get_size(then), "# Orders\n", 9);

    const Value *all =
        forge_list(room.forge, room.arena, "acme-corp", "order-service", "main", "", TRUE, &error);
    const Value *folder = forge_list(room.forge, room.arena, "acme-corp", "order-service", "main",
                                     "/bin/", FALSE, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(value_count(all), ==, 3);
    g_assert_cmpuint(value_count(folder), ==, 1);
    g_assert_cmpstr(value_path_string(value_item(folder, 0), "path", ""), ==, "bin/run");
    g_assert_cmpstr(value_path_string(value_item(folder, 0), "mode", ""), ==, "100755");

    const Value *commits =
        forge_commits_between(room.forge, room.arena, "acme-corp", "order-service",
                              value_path_string(made, "commitHash", ""), "main", 10, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(value_count(commits), ==, 1);
    g_assert_cmpstr(value_path_string(value_item(commits, 0), "author.email", ""), ==,
                    "ada@acme.test");
}

static void test_what_is_missing_is_named(TestDb *test)
{
    g_auto(TestForge) room = {0};
    g_autoptr(GError) error = NULL;

    test_forge_open(&room, test, "");
    test_publish(&room, "order-service", "intent-1", NULL);
    g_assert_null(forge_read_file(room.forge, "acme-corp", "order-service", NULL, "x.md", &error));
    g_assert_error(error, PAVE_ERROR, ERROR_NOT_FOUND);
    g_assert_nonnull(strstr(error->message, "\"x.md\""));
    g_clear_error(&error);
    g_assert_null(forge_resolve(room.forge, "acme-corp", "order-service", "v9", &error));
    g_assert_error(error, PAVE_ERROR, ERROR_NOT_FOUND);
    g_assert_nonnull(strstr(error->message, "\"v9\""));
    g_clear_error(&error);
    g_assert_null(forge_resolve(room.forge, "acme-corp", "nothing", NULL, &error));
    g_assert_error(error, PAVE_ERROR, ERROR_NOT_FOUND);
}

static void test_an_export_keeps_modes_and_refuses_links_that_leave(TestDb *test)
{
    g_auto(TestForge) room = {0};
    g_autoptr(GError) error = NULL;
    struct stat info;

    test_forge_open(&room, test, "");
    test_publish(&room, "order-service", "intent-1", NULL);
    g_assert_true(forge_export(room.forge, "acme-corp", "order-service", "main", "",
                               test_path(&room, "out"), &error));
    g_assert_no_error(error);
    g_assert_cmpint(stat(test_path(&room, "out/bin/run"), &info), ==, 0);
    g_assert_cmpint(info.st_mode & 0111, !=, 0);
    g_assert_true(forge_export(room.forge, "acme-corp", "order-service", NULL, "bin",
                               test_path(&room, "out-bin"), &error));
    g_assert_cmpint(stat(test_path(&room, "out-bin/run"), &info), ==, 0);

    /* A person pushes what publishing would have refused. */
    push_change(&room, "order-service", "x", "HEAD:main");
    g_assert_cmpint(symlink("../../etc/passwd", test_path(&room, "work/bin/evil")), ==, 0);
    g_free(GIT(&room, test_path(&room, "work"), "add", "-A"));
    push_change(&room, "order-service", "evil", "HEAD:main");
    g_assert_false(forge_export(room.forge, "acme-corp", "order-service", "main", "",
                                test_path(&room, "out2"), &error));
    g_assert_error(error, PAVE_ERROR, ERROR_INPUT);
    g_assert_nonnull(strstr(error->message, "bin/evil"));
}

static void test_files_are_committed_on_top_of_a_branch(TestDb *test)
{
    g_auto(TestForge) room = {0};
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) pushed = NULL;

    test_forge_open(&room, test, "");
    const Value *made = test_publish(&room, "order-service", "intent-1", NULL);
    const Value *files = json_parse(room.arena,
                                    "[{\"path\":\"docs/index.md\",\"content\":\"hello\"},"
                                    "{\"path\":\"README.md\",\"content\":null}]",
                                    -1, NULL);
    g_autofree char *id = forge_commit_files(room.forge, "acme-corp", "order-service", "main",
                                             files, "Docs", "user:default/ada", "job-2", &error);

    g_assert_no_error(error);
    const Value *commit =
        forge_commit(room.forge, room.arena, "acme-corp", "order-service", id, &error);
    g_assert_cmpstr(value_string(value_item(value_get(commit, "parents"), 0), ""), ==,
                    value_path_string(made, "commitHash", "?"));
    g_autoptr(GBytes) gone =
        forge_read_file(room.forge, "acme-corp", "order-service", id, "README.md", NULL);
    g_autoptr(GBytes) there =
        forge_read_file(room.forge, "acme-corp", "order-service", id, "docs/index.md", NULL);
    g_assert_null(gone);
    g_assert_nonnull(there);
    pushed = test_events(&room, "dev.pave.forge.ref.updated");
    g_assert_cmpuint(pushed->len, ==, 2);
    g_assert_cmpstr(((Event *)pushed->pdata[1])->cause, ==, "job-2");

    const Value *bad = json_parse(room.arena, "[{\"path\":\"../x\",\"content\":\"\"}]", -1, NULL);
    g_assert_null(forge_commit_files(room.forge, "acme-corp", "order-service", "main", bad, "m",
                                     "a", NULL, &error));
    g_assert_error(error, PAVE_ERROR, ERROR_INPUT);
}

/* ---- URLs ---- */

static void test_links_of_known_hosts_are_split(TestDb *test)
{
    static const struct {
        const char *url, *wanted; /* NULL: refused */
    } cases[] = {
        {"https://github.com/acme-corp/order-service/blob/main/catalog-info.yaml",
         "acme-corp order-service main catalog-info.yaml"},
        {"http://pave.localhost:7007/acme-corp/order-service/tree/side/x/docs",
         "acme-corp order-service side/x docs"},
        {"https://github.com/acme-corp/order-service.git", "acme-corp order-service HEAD "},
        {"https://github.com/acme-corp/order-service/", "acme-corp order-service HEAD "},
        {"https://github.com/a/unknown/raw/v1/a%20b.txt", "a unknown v1 a b.txt"},
        {"https://gitlab.com/a/b/blob/main/x", NULL},
        {"https://github.com/a", NULL},
        {"https://github.com/a/b/issues/1", NULL},
        {"https://github.com/a/b/blob/main/../../x", NULL},
        {"https://github.com/a/b/blob/main/..%2fx", NULL},
        {"file:///etc/passwd", NULL},
        {"nonsense", NULL},
    };
    g_auto(TestForge) room = {0};

    test_forge_open(&room, test, "");
    test_publish(&room, "order-service", "intent-1", NULL);
    push_change(&room, "order-service", "s", "HEAD:refs/heads/side/x");
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        ForgeLocation at;
        gboolean parsed = forge_parse_url(room.forge, room.arena, cases[i].url, &at, &error);

        g_test_message("%s: %s", cases[i].url, error ? error->message : "");
        if (!cases[i].wanted) {
            g_assert_false(parsed);
            g_assert_error(error, PAVE_ERROR, ERROR_INPUT);
            continue;
        }
        g_assert_no_error(error);
        g_assert_cmpstr(arena_printf(room.arena, "%s %s %s %s", at.owner, at.name, at.ref, at.path),
                        ==, cases[i].wanted);
    }
}

/* ---- configured repositories ---- */

static void test_configured_folders_become_repositories_whose_tags_move(TestDb *test)
{
    g_auto(TestForge) room = {0};
    g_autoptr(GError) error = NULL;

    test_forge_open(&room, test,
                    "  repositories:\n    - owner: acme-corp\n      name: workflows\n"
                    "      folder: ./seeds\n      tags: [v2]\n");
    test_write(&room, "seeds/a.yml", "one");
    g_assert_true(forge_start(room.forge, &error));
    g_assert_no_error(error);
    g_autofree char *first = forge_resolve(room.forge, "acme-corp", "workflows", "v2", &error);
    g_assert_no_error(error);

    /* What a person pushes stays as long as the folder does not change. */
    const Value *files =
        json_parse(room.arena, "[{\"path\":\"b.yml\",\"content\":\"b\"}]", -1, NULL);
    g_autofree char *pushed = forge_commit_files(room.forge, "acme-corp", "workflows", "main",
                                                 files, "by hand", "user:default/ada", NULL, NULL);
    g_assert_true(forge_start(room.forge, &error));
    g_autofree char *same = forge_resolve(room.forge, "acme-corp", "workflows", NULL, NULL);
    g_assert_cmpstr(same, ==, pushed);

    test_write(&room, "seeds/a.yml", "two");
    g_assert_true(forge_start(room.forge, &error));
    g_assert_no_error(error);
    g_autofree char *second = forge_resolve(room.forge, "acme-corp", "workflows", "v2", NULL);
    g_autofree char *head = forge_resolve(room.forge, "acme-corp", "workflows", "main", NULL);
    g_assert_cmpstr(second, !=, first);
    g_assert_cmpstr(second, ==, head);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    test_db_add("/forge/publish/a-folder-becomes-a-repository-that-git-can-clone",
                test_a_folder_becomes_a_repository_that_git_can_clone);
    test_db_add("/forge/publish/its-first-push-is-in-the-log-with-who-and-why",
                test_its_first_push_is_in_the_log_with_who_and_why);
    test_db_add("/forge/publish/a-name-that-exists-is-refused-and-left-alone",
                test_a_name_that_exists_is_refused_and_left_alone);
    test_db_add("/forge/publish/a-folder-that-is-there-without-a-record-is-left-alone",
                test_a_folder_that_is_there_without_a_record_is_left_alone);
    test_db_add("/forge/publish/publishing-again-with-the-same-intent-changes-nothing",
                test_publishing_again_with_the_same_intent_changes_nothing);
    test_db_add("/forge/publish/an-interrupted-publication-goes-on-where-it-stopped",
                test_an_interrupted_publication_goes_on_where_it_stopped);
    test_db_add("/forge/publish/links-out-of-the-folder-are-refused-and-the-name-stays-free",
                test_links_out_of_the_folder_are_refused_and_the_name_stays_free);
    test_db_add("/forge/publish/bad-names-are-refused", test_bad_names_are_refused);
    test_db_add("/forge/publish/a-host-that-is-not-configured-is-named",
                test_a_host_that_is_not_configured_is_named);
    test_db_add("/forge/refs/a-push-the-log-missed-is-found-at-start-once",
                test_a_push_the_log_missed_is_found_at_start_once);
    test_db_add("/forge/read/files-folders-and-commits-are-read",
                test_files_folders_and_commits_are_read);
    test_db_add("/forge/read/what-is-missing-is-named", test_what_is_missing_is_named);
    test_db_add("/forge/read/an-export-keeps-modes-and-refuses-links-that-leave",
                test_an_export_keeps_modes_and_refuses_links_that_leave);
    test_db_add("/forge/write/files-are-committed-on-top-of-a-branch",
                test_files_are_committed_on_top_of_a_branch);
    test_db_add("/forge/urls/links-of-known-hosts-are-split", test_links_of_known_hosts_are_split);
    test_db_add("/forge/configured/configured-folders-become-repositories-whose-tags-move",
                test_configured_folders_become_repositories_whose_tags_move);
    return test_db_run();
}
