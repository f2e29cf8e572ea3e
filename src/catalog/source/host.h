/* The hosts of `integrations`: GitHub, GitLab, Gitea, Bitbucket Cloud and Server.
 *
 * A host splits its URLs into places, reads and lists places by its REST API, and makes URLs of
 * them. What parts one kind of host from another stands in its HostKind. */
#pragma once
#include "catalog/source/source.h"
#include "net/http_client.h"
#include "spine/config.h"
#include <stdatomic.h>

typedef struct HostKind HostKind;

typedef struct {
    const HostKind *kind;
    char *host; /* "github.com", with its port where the configuration has one */
    char *base; /* "https://github.com"; may have a path, without a slash at its end; NULL: as the
                   URL has it */
    char *api;  /* of the REST API, without a slash at its end */
    char *raw;  /* where files are read without a token; NULL: by the API */
    char *graphql;           /* GitHub's other API; NULL */
    char *authorization;     /* "Authorization: …"; NULL: as nobody */
    gboolean is_configured;  /* FALSE: one of the public hosts, which need no configuration */
    _Atomic int64_t open_at; /* it asked not to be asked before */
} Host;

/* A file or folder of a repository. */
typedef struct {
    const char *base;       /* of its URLs, without a slash at its end */
    const char *owner;      /* or group and subgroups, workspace, project */
    const char *name;       /* of the repository */
    const char *ref, *path; /* ref NULL: the default branch; path "" for the whole repository */
    const char *ref_kind;   /* Gitea: "branch", "tag", "commit" */
    const char *owner_kind; /* Bitbucket Server: "projects" or "users" */
} Place;

typedef enum { PLACE_VIEW, PLACE_EDIT, PLACE_FOLDER } PlaceUrl;

/* A repository that was found. */
typedef struct {
    const char *owner, *name, *branch, *visibility, *project; /* NULL where it has none */
    const char *const *topics;                                /* NULL-terminated */
    gboolean is_fork, is_archived, is_empty;
} HostRepository;

typedef struct {
    const char *owner;     /* organisation, group or workspace; NULL: everything of the host */
    gboolean members_only; /* GitLab: what the token's user is a member of */
    const char *topics;    /* GitLab: those the host itself filters by */
} HostScope;

struct HostKind {
    const char *key;         /* below integrations and catalog.providers */
    const char *title;       /* "GitHub" */
    const char *public_host; /* that needs no configuration; NULL */
    void (*configure)(Host *host, const Value *entry);
    /* segments: of the path, unescaped, without empty ones. */
    gboolean (*parse)(Arena *arena, char **segments, GUri *uri, Place *place);
    gboolean (*read)(Host *host, Arena *arena, const Place *place, const char *known_etag,
                     SourceReply *reply, GError **error);
    /* Adds the paths (const char *) of every file of place's repository. */
    gboolean (*list)(Host *host, Arena *arena, const Place *place, GPtrArray *paths,
                     GError **error);
    const char *(*url)(Arena *arena, const Place *place, PlaceUrl wanted);
    /* Adds HostRepository *. */
    gboolean (*repositories)(Host *host, Arena *arena, const HostScope *scope, GPtrArray *found,
                             GError **error);
};

extern const HostKind host_github, host_gitlab, host_gitea, host_bitbucket_cloud,
    host_bitbucket_server;

/* ---- the table of hosts (source_host.c) ---- */

GPtrArray *hosts_new(const Config *config); /* Host * */
/* NULL where no integration has the host (with its port) of a URL, or of a configuration. */
Host *hosts_find(const GPtrArray *hosts, const char *host);
Host *hosts_find_kind(const GPtrArray *hosts, const HostKind *kind, const char *host);
/* The host and place of url; NULL where it is none of theirs or names no file or folder. */
Host *hosts_parse(const GPtrArray *hosts, Arena *arena, const char *url, Place *place);
/* "a/b c" → "a/b%20c" */
const char *host_escape_path(Arena *arena, const char *path);
const char *host_escape(Arena *arena, const char *text);
/* Whether ref (NULL: none) is the full id of a commit, so that what it names never changes. */
gboolean host_is_commit(const char *ref);
/* count segments from the first, with slashes between. */
const char *host_join(Arena *arena, char **segments, guint count);
/* The folder of a path, with a slash at its end; "" for the root. */
const char *host_folder(Arena *arena, const char *path);
/* "Authorization: Basic …"; free with g_free(). */
char *host_basic(const char *user, const char *password);
/* The texts of a list, NULL-terminated. */
const char *const *host_texts(Arena *arena, const Value *list);

#define HOST_PAGES_MAX 2000
/* Reads one page of the repositories below "orgs" or "users". */
typedef gboolean (*HostPageFn)(Host *host, Arena *arena, const char *accounts, const char *owner,
                               guint page, GPtrArray *found, gboolean *more, GError **error);
/* Every page of the repositories of an organisation, or of a person where there is none of that
 * name. */
gboolean host_read_account(Host *host, Arena *arena, const HostScope *scope, HostPageFn read_page,
                           GPtrArray *found, GError **error);
/* ERROR_TOO_LARGE where page is beyond what is read of one list. */
gboolean host_check_page(const Host *host, guint page, GError **error);

/* ---- calls (source_call.c) ---- */

typedef struct {
    const char *url; /* below the host's api or raw */
    const char *accept, *known_etag;
    const char *body; /* JSON: a POST */
} HostCall;

/* The reply where it is 200 or 304, or what went wrong in words of a person; ERROR_NOT_FOUND for
 * 404. While the host wants no requests none is made. */
HttpReply *host_call(Host *host, const HostCall *call, GError **error);
/* The JSON of the reply, in arena. next_link: whether the Link header names a next page. */
const Value *host_call_json(Host *host, Arena *arena, const HostCall *call, gboolean *next_link,
                            GError **error);
/* A file as it is sent, conditionally. */
gboolean host_call_file(Host *host, Arena *arena, const HostCall *call, SourceReply *reply,
                        GError **error);
/* When the host may be asked again; 0 where now. */
int64_t host_open_at(const Host *host);
/* The etag of bytes whose host sends none. */
const char *host_content_etag(Arena *arena, const char *bytes, gsize length);
