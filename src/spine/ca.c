#include "spine/ca.h"
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>
#include <string.h>
#include <sys/stat.h>

#define CA_DAYS 3650
#define SERVER_DAYS 90
#define RENEW_DAYS 30
#define SYSTEM_BUNDLE "/etc/ssl/certs/ca-certificates.crt"

G_DEFINE_AUTOPTR_CLEANUP_FUNC(X509, X509_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(EVP_PKEY, EVP_PKEY_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(BIO, BIO_free_all)

void local_ca_free(LocalCa *ca)
{
    if (!ca)
        return;
    g_free(ca->ca_file);
    g_free(ca->bundle_file);
    g_free(ca->certificate);
    g_free(ca->key);
    g_free(ca);
}

/* ---- PEM ---- */

static char *take_text(BIO *memory)
{
    char *bytes;
    long length = BIO_get_mem_data(memory, &bytes);

    return g_strndup(bytes, (gsize)length);
}

static char *certificate_text(X509 *certificate)
{
    g_autoptr(BIO) memory = BIO_new(BIO_s_mem());

    g_assert(PEM_write_bio_X509(memory, certificate));
    return take_text(memory);
}

static char *key_text(EVP_PKEY *key)
{
    g_autoptr(BIO) memory = BIO_new(BIO_s_mem());

    g_assert(PEM_write_bio_PrivateKey(memory, key, NULL, NULL, 0, NULL, NULL));
    return take_text(memory);
}

static X509 *read_certificate(const char *file)
{
    g_autofree char *text = NULL;
    g_autoptr(BIO) memory = NULL;

    if (!g_file_get_contents(file, &text, NULL, NULL))
        return NULL;
    memory = BIO_new_mem_buf(text, -1);
    return PEM_read_bio_X509(memory, NULL, NULL, NULL);
}

static gboolean write_file(const char *folder, const char *name, const char *bytes, gsize length,
                           int mode, GError **error)
{
    g_autofree char *path = g_build_filename(folder, name, NULL);

    return g_file_set_contents_full(path, bytes, (gssize)length,
                                    G_FILE_SET_CONTENTS_CONSISTENT | G_FILE_SET_CONTENTS_DURABLE,
                                    mode, error);
}

static gboolean write_key(const char *folder, const char *name, EVP_PKEY *key, Secrets *secrets,
                          GError **error)
{
    g_autofree char *text = key_text(key), *context = g_strconcat("ca/", name, NULL);
    g_autoptr(GBytes) sealed = secrets_seal(secrets, context, text, strlen(text), error);

    OPENSSL_cleanse(text, strlen(text));
    return sealed && write_file(folder, name, g_bytes_get_data(sealed, NULL),
                                g_bytes_get_size(sealed), 0600, error);
}

/* NULL without error where there is none yet. */
static EVP_PKEY *read_key(const char *folder, const char *name, Secrets *secrets, GError **error)
{
    g_autofree char *path = g_build_filename(folder, name, NULL), *bytes = NULL;
    g_autofree char *context = g_strconcat("ca/", name, NULL);
    g_autoptr(GBytes) sealed = NULL, text = NULL;
    g_autoptr(BIO) memory = NULL;
    gsize length;

    if (!g_file_get_contents(path, &bytes, &length, NULL))
        return NULL;
    sealed = g_bytes_new(bytes, length);
    text = secrets_unseal(secrets, context, sealed, error);
    if (!text)
        return NULL;
    memory = BIO_new_mem_buf(g_bytes_get_data(text, NULL), (int)g_bytes_get_size(text));
    return PEM_read_bio_PrivateKey(memory, NULL, NULL, NULL);
}

/* ---- making certificates ---- */

static void add_extension(X509 *certificate, X509 *issuer, int kind, const char *value)
{
    X509_EXTENSION *extension;
    X509V3_CTX context;

    X509V3_set_ctx(&context, issuer, certificate, NULL, NULL, 0);
    extension = X509V3_EXT_conf_nid(NULL, &context, kind, value);
    g_assert(extension);
    X509_add_ext(certificate, extension, -1);
    X509_EXTENSION_free(extension);
}

static X509 *new_certificate(EVP_PKEY *key, const char *common_name, int days)
{
    X509 *certificate = X509_new();
    X509_NAME *name = X509_get_subject_name(certificate);
    unsigned char serial[16];
    BIGNUM *number;

    RAND_bytes(serial, sizeof serial);
    serial[0] &= 0x7f;
    number = BN_bin2bn(serial, sizeof serial, NULL);
    BN_to_ASN1_INTEGER(number, X509_get_serialNumber(certificate));
    BN_free(number);
    X509_set_version(certificate, X509_VERSION_3);
    X509_gmtime_adj(X509_getm_notBefore(certificate), -3600);
    X509_time_adj_ex(X509_getm_notAfter(certificate), days, 0, NULL);
    X509_set_pubkey(certificate, key);
    X509_NAME_add_entry_by_txt(name, "O", MBSTRING_UTF8, (const unsigned char *)"Pave", -1, -1, 0);
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, (const unsigned char *)common_name, -1,
                               -1, 0);
    return certificate;
}

static gboolean make_authority(const char *folder, Secrets *secrets, EVP_PKEY **key,
                               X509 **certificate, GError **error)
{
    g_autofree char *text = NULL;

    *key = EVP_EC_gen("P-256");
    *certificate = new_certificate(*key, "Pave local authority", CA_DAYS);
    X509_set_issuer_name(*certificate, X509_get_subject_name(*certificate));
    add_extension(*certificate, *certificate, NID_basic_constraints, "critical,CA:TRUE,pathlen:0");
    add_extension(*certificate, *certificate, NID_key_usage, "critical,keyCertSign,cRLSign");
    add_extension(*certificate, *certificate, NID_subject_key_identifier, "hash");
    /* whoever trusts it trusts it for names nobody can own, and for this machine */
    add_extension(*certificate, *certificate, NID_name_constraints,
                  "critical,permitted;DNS:internal,permitted;DNS:localhost");
    g_assert(X509_sign(*certificate, *key, EVP_sha256()));
    text = certificate_text(*certificate);
    return write_key(folder, "ca.key.sealed", *key, secrets, error) &&
           write_file(folder, "ca.pem", text, strlen(text), 0644, error);
}

static char *alternative_names(const char *const *names)
{
    GString *text = g_string_new(NULL);

    for (guint i = 0; names[i]; i++)
        g_string_append_printf(text, "%sDNS:%s", i ? "," : "", names[i]);
    return g_string_free(text, FALSE);
}

static gboolean make_server(const char *folder, Secrets *secrets, EVP_PKEY *ca_key, X509 *ca,
                            const char *const *names, EVP_PKEY **key, X509 **certificate,
                            GError **error)
{
    g_autofree char *text = NULL, *alternatives = alternative_names(names);

    *key = EVP_EC_gen("P-256");
    *certificate = new_certificate(*key, "Pave", SERVER_DAYS);
    X509_set_issuer_name(*certificate, X509_get_subject_name(ca));
    add_extension(*certificate, ca, NID_basic_constraints, "critical,CA:FALSE");
    add_extension(*certificate, ca, NID_key_usage, "critical,digitalSignature");
    add_extension(*certificate, ca, NID_ext_key_usage, "serverAuth");
    add_extension(*certificate, ca, NID_subject_alt_name, alternatives);
    add_extension(*certificate, ca, NID_authority_key_identifier, "keyid");
    g_assert(X509_sign(*certificate, ca_key, EVP_sha256()));
    text = certificate_text(*certificate);
    return write_key(folder, "server.key.sealed", *key, secrets, error) &&
           write_file(folder, "server.pem", text, strlen(text), 0644, error);
}

/* ---- is what is there still good? ---- */

static gboolean expires_within(X509 *certificate, int days)
{
    time_t until = time(NULL) + (time_t)days * 86400;

    return X509_cmp_time(X509_get0_notAfter(certificate), &until) <= 0;
}

static gboolean has_names(X509 *certificate, const char *const *names)
{
    GENERAL_NAMES *found = X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
    guint wanted = g_strv_length((char **)names);
    gboolean same = found && (guint)sk_GENERAL_NAME_num(found) == wanted;

    for (guint i = 0; same && i < wanted; i++) {
        const GENERAL_NAME *name = sk_GENERAL_NAME_value(found, (int)i);

        same = name->type == GEN_DNS &&
               g_strcmp0((const char *)ASN1_STRING_get0_data(name->d.dNSName), names[i]) == 0;
    }
    GENERAL_NAMES_free(found);
    return same;
}

static gboolean write_bundle(const char *folder, const char *ca_text, GError **error)
{
    g_autofree char *system = NULL, *bundle = NULL;

    g_file_get_contents(SYSTEM_BUNDLE, &system, NULL, NULL);
    bundle = g_strconcat(ca_text, system, NULL);
    return write_file(folder, "bundle.pem", bundle, strlen(bundle), 0644, error);
}

static X509 *open_certificate(const char *folder, const char *name)
{
    g_autofree char *path = g_build_filename(folder, name, NULL);

    return read_certificate(path);
}

LocalCa *local_ca_open(const char *folder, Secrets *secrets, const char *const *names,
                       GError **error)
{
    g_autoptr(LocalCa) opened = g_new0(LocalCa, 1);
    g_autoptr(GError) failure = NULL;
    g_autoptr(EVP_PKEY) ca_key = NULL, key = NULL;
    g_autoptr(X509) ca = NULL, server = NULL;
    g_autofree char *ca_text = NULL, *server_text = NULL;

    if (g_mkdir_with_parents(folder, 0755) != 0) {
        g_set_error(error, PAVE_ERROR, ERROR_SERVICE_UNAVAILABLE, "cannot make the folder %s",
                    folder);
        return NULL;
    }
    ca_key = read_key(folder, "ca.key.sealed", secrets, &failure);
    ca = open_certificate(folder, "ca.pem");
    key = failure ? NULL : read_key(folder, "server.key.sealed", secrets, &failure);
    server = open_certificate(folder, "server.pem");
    if (failure) {
        g_propagate_error(error, g_steal_pointer(&failure));
        return NULL;
    }
    if (!ca_key || !ca || expires_within(ca, RENEW_DAYS)) {
        g_clear_pointer(&ca_key, EVP_PKEY_free);
        g_clear_pointer(&ca, X509_free);
        g_clear_pointer(&server, X509_free);
        if (!make_authority(folder, secrets, &ca_key, &ca, error))
            return NULL;
    }
    if (!key || !server || expires_within(server, RENEW_DAYS) || !has_names(server, names)) {
        g_clear_pointer(&key, EVP_PKEY_free);
        g_clear_pointer(&server, X509_free);
        if (!make_server(folder, secrets, ca_key, ca, names, &key, &server, error))
            return NULL;
    }
    ca_text = certificate_text(ca);
    if (!write_bundle(folder, ca_text, error))
        return NULL;
    server_text = certificate_text(server);
    opened->ca_file = g_build_filename(folder, "ca.pem", NULL);
    opened->bundle_file = g_build_filename(folder, "bundle.pem", NULL);
    opened->certificate = g_strconcat(server_text, ca_text, NULL);
    opened->key = key_text(key);
    return g_steal_pointer(&opened);
}
