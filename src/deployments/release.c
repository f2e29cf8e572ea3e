#include "deployments/deployments_internal.h"

#include "formats/json.h"
#include "spine/clock.h"
#include "spine/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

/* A release is an OCI image of one layer: what runs it on this machine today can be a container
 * runtime tomorrow. */

static const char MANIFEST_TYPE[] = "application/vnd.oci.image.manifest.v1+json";
static const char CONFIG_TYPE[] = "application/vnd.oci.image.config.v1+json";
static const char LAYER_TYPE[] = "application/vnd.oci.image.layer.v1.tar+gzip";
static const char LABEL_HEALTH[] = "dev.pave.health-path";

enum { DOCUMENT_SIZE_MAX = 1 << 20, INDEX_LENGTH_MAX = 1000 };

#if defined(__x86_64__)
static const char ARCHITECTURE[] = "amd64";
#else
static const char ARCHITECTURE[] = "arm64";
#endif

/* ---- the command ---- */

/* "web: node server.js" of a Procfile; NULL where there is none. Free with g_free(). */
static char *web_line(const char *procfile)
{
    g_auto(GStrv) lines = g_strsplit(procfile ? procfile : "", "\n", -1);

    for (char **line = lines; *line; line++) {
        if (g_str_has_prefix(*line, "web:")) {
            char *command = g_strstrip(g_strdup(*line + strlen("web:")));

            if (*command)
                return command;
            g_free(command);
        }
    }
    return NULL;
}

/* A plain command runs as it is, so that signals reach it; what needs a shell gets one, inside the
 * sandbox. */
static const Value *command_value(Arena *arena, const char *line)
{
    Value *command = value_array_new(arena);
    g_auto(GStrv) words = NULL;

    if (!strpbrk(line, "$&|;<>(){}*?`~!#=") && g_shell_parse_argv(line, NULL, &words, NULL)) {
        for (char **word = words; *word; word++)
            value_append(arena, command, value_string_new(arena, *word));
        return command;
    }
    value_append(arena, command, value_string_new(arena, "/bin/sh"));
    value_append(arena, command, value_string_new(arena, "-c"));
    value_append(arena, command,
                 value_string_new(arena, strpbrk(line, "&|;(){}!=")
                                             ? line
                                             : arena_printf(arena, "exec %s", line)));
    return command;
}

/* ---- the documents ---- */

static Value *labels_value(Arena *arena, const ReleaseSpec *spec)
{
    Value *labels = value_object_new(arena);

    value_set_string(arena, labels, "org.opencontainers.image.title", spec->service);
    value_set_string(arena, labels, "org.opencontainers.image.revision", spec->commit);
    if (spec->committed_at)
        value_set(arena, labels, "org.opencontainers.image.created",
                  clock_value(arena, spec->committed_at));
    value_set_string(arena, labels, LABEL_HEALTH, spec->health_path);
    return labels;
}

static const Value *config_value(Arena *arena, const ReleaseSpec *spec, const Layer *layer,
                                 const char *command)
{
    Value *document = value_object_new(arena), *config = value_object_new(arena);
    Value *rootfs = value_object_new(arena), *diff_ids = value_array_new(arena);

    value_set_string(arena, config, "WorkingDir", "/app");
    value_set(arena, config, "Cmd", command_value(arena, command));
    value_set(arena, config, "Labels", labels_value(arena, spec));
    value_append(arena, diff_ids, value_string_new(arena, layer->diff_id));
    value_set_string(arena, rootfs, "type", "layers");
    value_set(arena, rootfs, "diff_ids", diff_ids);
    if (spec->committed_at)
        value_set(arena, document, "created", clock_value(arena, spec->committed_at));
    value_set_string(arena, document, "architecture", ARCHITECTURE);
    value_set_string(arena, document, "os", "linux");
    value_set(arena, document, "config", config);
    value_set(arena, document, "rootfs", rootfs);
    return document;
}

static Value *descriptor(Arena *arena, const char *type, const char *digest, int64_t size)
{
    Value *value = value_object_new(arena);

    value_set_string(arena, value, "mediaType", type);
    value_set_string(arena, value, "digest", digest);
    value_set_int(arena, value, "size", size);
    return value;
}

static const char *put_document(Deployments *deployments, Arena *arena, const Value *document,
                                gsize *size, GError **error)
{
    const char *text = json_to_arena(arena, document, JSON_COMPACT);
    g_autofree char *digest = NULL;

    *size = strlen(text);
    digest = blobs_put(deployments->blobs, text, *size, error);
    return arena_strdup(arena, digest);
}

static const char *put_image(Deployments *deployments, Arena *arena, const ReleaseSpec *spec,
                             const Layer *layer, const char *command, GError **error)
{
    Value *manifest = value_object_new(arena), *layers = value_array_new(arena);
    gsize size;
    const char *config =
        put_document(deployments, arena, config_value(arena, spec, layer, command), &size, error);

    if (!config)
        return NULL;
    value_append(arena, layers, descriptor(arena, LAYER_TYPE, layer->digest, layer->size));
    value_set_int(arena, manifest, "schemaVersion", 2);
    value_set_string(arena, manifest, "mediaType", MANIFEST_TYPE);
    value_set(arena, manifest, "config", descriptor(arena, CONFIG_TYPE, config, (int64_t)size));
    value_set(arena, manifest, "layers", layers);
    value_set(arena, manifest, "annotations", labels_value(arena, spec));
    return put_document(deployments, arena, manifest, &size, error);
}

/* ---- the index of the layout ---- */

static const Value *index_value(Deployments *deployments, Arena *arena, const GPtrArray *releases)
{
    Value *index = value_object_new(arena), *manifests = value_array_new(arena);

    for (guint i = 0; i < releases->len; i++) {
        const Release *release = releases->pdata[i];
        g_autoptr(GBytes) manifest =
            blobs_get(deployments->blobs, release->digest, DOCUMENT_SIZE_MAX, NULL);
        Value *entry, *annotations = value_object_new(arena);

        if (!manifest)
            continue;
        entry =
            descriptor(arena, MANIFEST_TYPE, release->digest, (int64_t)g_bytes_get_size(manifest));
        value_set_string(arena, annotations, "org.opencontainers.image.ref.name",
                         arena_printf(arena, "%s:%s", release->service,
                                      release->commit ? release->commit : release->digest + 7));
        value_set(arena, entry, "annotations", annotations);
        value_append(arena, manifests, entry);
    }
    value_set_int(arena, index, "schemaVersion", 2);
    value_set_string(arena, index, "mediaType", "application/vnd.oci.image.index.v1+json");
    value_set(arena, index, "manifests", manifests);
    return index;
}

/* The folder above blobs/sha256/<hex>. */
static int open_layout(Deployments *deployments, const char *digest)
{
    g_autofree char *blob = blobs_path(deployments->blobs, digest);
    g_autofree char *relative = blob ? g_build_filename(blob, "..", "..", "..", NULL) : NULL;
    g_autofree char *folder = relative ? g_canonicalize_filename(relative, NULL) : NULL;

    return folder ? open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
}

/* Only for tools that read image layouts; Pave's own truth is its table, so that a failure here is
 * no failure of the release. */
static void write_index(Deployments *deployments, Arena *arena, const char *newest)
{
    fd_auto folder_fd = open_layout(deployments, newest);
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) releases =
        store_releases(db_reader(deployments->db), arena, NULL, INDEX_LENGTH_MAX, &error);
    const char *text;

    if (releases) {
        text = json_to_arena(arena, index_value(deployments, arena, releases), JSON_COMPACT);
        fd_replace_file(folder_fd, "index.json", text, strlen(text), 0600, &error);
    }
    if (error)
        g_warning("the index of the image layout: %s", error->message);
}

/* ---- making ---- */

typedef struct {
    Deployments *deployments;
    Arena *arena;
    const ReleaseSpec *spec;
    Release release;
} Put;

static void append_packaged(const Put *put, DbConn *tx)
{
    const Release *release = &put->release;
    Arena *arena = put->arena;
    Value *payload = value_object_new(arena);

    value_set_string(arena, payload, "service", release->service);
    value_set_string(arena, payload, "release", release->digest);
    value_set_string(arena, payload, "commit", release->commit);
    value_set_int(arena, payload, "size", release->size);
    if (release->committed_at)
        value_set_int(arena, payload, "committedAt", release->committed_at);
    events_append(tx,
                  &(Event){.type = "dev.cdevents.artifact.packaged.0.2.0",
                           .source = "/pave/deployments",
                           .subject = arena_printf(arena, "component:default/%s", release->service),
                           .actor = release->actor,
                           .payload = payload});
}

static gboolean put_release(DbConn *tx, void *data, GError **error)
{
    Put *put = data;

    if (!store_release_put(tx, &put->release, put->spec->tag, error))
        return FALSE;
    append_packaged(put, tx);
    return TRUE;
}

const char *release_create(Deployments *deployments, Arena *arena, const ReleaseSpec *spec,
                           ArchiveReader read, void *data, GError **error)
{
    g_auto(Layer) layer = {0};
    g_autofree char *command = NULL;
    Put put = {.deployments = deployments, .arena = arena, .spec = spec};
    const char *digest;

    if (!service_name_check(spec->service, error) ||
        !archive_to_layer(deployments->blobs, read, data, &layer, error))
        return NULL;
    command = web_line(layer.procfile);
    if (!command) {
        g_set_error(error, PAVE_ERROR, ERROR_INPUT,
                    "the release says not how it runs: put a file Procfile with a line"
                    " \"web: <command>\" at its top");
        return NULL;
    }
    digest = put_image(deployments, arena, spec, &layer, command, error);
    if (!digest)
        return NULL;
    put.release = (Release){.service = spec->service,
                            .digest = digest,
                            .commit = spec->commit,
                            .message = spec->message,
                            .actor = spec->actor,
                            .committed_at = spec->committed_at,
                            .size = layer.size,
                            .created_at = clock_now_ms()};
    if (!db_write(deployments->db, put_release, &put, NULL, error))
        return NULL;
    write_index(deployments, arena, digest);
    return digest;
}

/* ---- reading ---- */

static const Value *read_document(Deployments *deployments, Arena *arena, const char *digest,
                                  GError **error)
{
    g_autoptr(GBytes) bytes = blobs_get(deployments->blobs, digest, DOCUMENT_SIZE_MAX, error);
    gsize length;
    const char *text;

    if (!bytes)
        return NULL;
    text = g_bytes_get_data(bytes, &length);
    return json_parse(arena, text, (gssize)length, error);
}

const ReleaseConfig *release_config(Deployments *deployments, Arena *arena, const char *digest,
                                    GError **error)
{
    const Value *manifest = read_document(deployments, arena, digest, error);
    const char *config_digest = value_path_string(manifest, "config.digest", "");
    const Value *document =
        manifest ? read_document(deployments, arena, config_digest, error) : NULL;
    const Value *command = value_path(document, "config.Cmd");
    const Value *labels = value_path(document, "config.Labels");
    ReleaseConfig *config = arena_new0(arena, ReleaseConfig, 1);
    const char **words = arena_new0(arena, const char *, value_count(command) + 1);

    if (!document)
        return NULL;
    for (guint i = 0; i < value_count(command); i++)
        words[i] = value_string(value_item(command, i), "");
    if (!words[0]) {
        g_set_error(error, PAVE_ERROR, ERROR_INPUT, "the release %s has no command", digest);
        return NULL;
    }
    config->command = words;
    config->health_path = value_string(value_get(labels, LABEL_HEALTH), NULL);
    return config;
}

gboolean release_unpack(Deployments *deployments, Arena *arena, const char *digest,
                        const char *folder, GError **error)
{
    const Value *manifest = read_document(deployments, arena, digest, error);
    const Value *layers = value_get(manifest, "layers");

    if (!manifest)
        return FALSE;
    for (guint i = 0; i < value_count(layers); i++) {
        const char *layer = value_string(value_get(value_item(layers, i), "digest"), "");
        g_autofree char *file = blobs_path(deployments->blobs, layer);

        if (!file) {
            g_set_error(error, PAVE_ERROR, ERROR_NOT_FOUND, "the layer %s of %s is missing", layer,
                        digest);
            return FALSE;
        }
        if (!archive_unpack(file, folder, error))
            return FALSE;
    }
    return TRUE;
}
