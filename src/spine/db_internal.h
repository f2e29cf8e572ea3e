/* What db.c and the two engines share, and what the log needs of a transaction. Nobody else
 * includes this. */
#pragma once
#include "spine/db.h"
#include <pthread.h>

typedef struct {
    char type; /* t, i, d or b */
    union {
        const char *text;
        int64_t integer;
        double real;
        GBytes *blob;
    };
} DbParam;

#define DB_PARAMS_MAX 64
#define DB_LISTENERS_MAX 8

/* Runs as the last thing before COMMIT with everything that was deferred; *seq gets the number the
 * commit ends at. */
typedef gboolean (*DbFlushFn)(DbConn *tx, GPtrArray *deferred, int64_t *seq, GError **error);

struct DbConn {
    Db *db;
    gboolean reader;  /* may not write */
    gboolean writing; /* the writer's, inside a transaction */
    void *link;       /* the engine's connection; NULL while there is none */
    gboolean retry;   /* the engine says that the transaction may work when it is run again */
    GError *doomed;   /* the first statement of this write function that failed */
    GPtrArray *deferred;
    DbFlushFn flush;
};

struct DbRows {
    DbConn *conn;
    GError *error;
};

typedef struct {
    gboolean (*open)(Db *db, GError **error);
    void (*close)(Db *db);
    /* Called until conn->link is there; disconnect makes it NULL. */
    gboolean (*connect)(DbConn *conn, GError **error);
    void (*disconnect)(DbConn *conn);
    int64_t (*exec)(DbConn *conn, const char *sql, const DbParam *params, guint count,
                    GError **error);
    DbRows *(*query)(DbConn *conn, const char *sql, const DbParam *params, guint count,
                     GError **error);
    /* Statements without parameters and results. */
    gboolean (*script)(DbConn *conn, const char *sql, GError **error);
    gboolean (*begin)(DbConn *conn, GError **error);
    gboolean (*commit)(DbConn *conn, GError **error);
    gboolean (*in_transaction)(DbConn *conn); /* FALSE: the engine gave the whole of it up */
    gboolean (*rows_next)(DbRows *rows);
    gboolean (*rows_is_null)(DbRows *rows, int column);
    const char *(*rows_text)(DbRows *rows, int column);
    int64_t (*rows_int)(DbRows *rows, int column);
    double (*rows_double)(DbRows *rows, int column);
    GBytes *(*rows_blob)(DbRows *rows, int column);
    void (*rows_free)(DbRows *rows);
    const char *blob_type;
} DbEngine;

extern const DbEngine db_sqlite, db_postgres;

/* Everything but the readers belongs to the writer, under lock. */
struct Db {
    char *url;
    const DbEngine *engine;
    void *engine_data;
    DbConn writer;
    pthread_t thread;
    gboolean running;
    pthread_key_t reader;
    pthread_mutex_t lock;
    pthread_cond_t wanted, finished;
    struct DbWrite *first, **last; /* waiting writes */
    gboolean stopping;
    struct {
        void (*notify)(int64_t seq, void *data);
        void *data;
    } listeners[DB_LISTENERS_MAX];
    guint listener_count;
};

const char *db_url(const Db *db);
const DbEngine *db_engine(const Db *db);
void **db_engine_data(Db *db);

/* Brings the schema to this binary's; conn is the writer's, outside a transaction. */
gboolean db_migrate(DbConn *conn, GError **error);

/* The number of the newest migration in this binary. */
int64_t db_newest_migration(void);

/* db_write.c */
gboolean db_ensure_link(DbConn *conn, GError **error);
void db_start_writer(Db *db);
void db_stop_writer(Db *db);

/* Keeps item until the transaction commits (then flush gets it) or is rolled back (then it is freed
 * by destroy). One flush function a database. */
void db_defer(DbConn *tx, gpointer item, GDestroyNotify destroy, DbFlushFn flush);
/* Called on the writer thread, with a lock held, after every commit of this process that had
 * something deferred: it must not block nor call db. */
void db_on_commit(Db *db, void (*notify)(int64_t seq, void *data), void *data);
/* Takes every listener with this data away. */
void db_off_commit(Db *db, void *data);
