use repository::postgres::OpenError;
use testkit::postgres::Postgres;

use crate::{
    certificates::{BY_AUTHORITY, BY_ITSELF},
    reach, refusal,
};

#[tokio::test]
async fn each_mode_encrypts_as_far_as_it_says() {
    let secured = &BY_AUTHORITY;
    let roots = secured.roots();
    for (options, encrypted) in [
        ("sslmode=disable".to_owned(), false),
        (String::new(), true),
        ("sslmode=prefer".to_owned(), true),
        (format!("sslmode=prefer&sslrootcert={roots}"), true),
        ("sslmode=require".to_owned(), true),
        (format!("sslmode=require&sslrootcert={roots}"), true),
        (format!("sslmode=verify-ca&sslrootcert={roots}"), true),
        (format!("sslmode=verify-full&sslrootcert={roots}"), true),
    ] {
        for host in ["db.example", "127.0.0.1"] {
            let dsn = secured.dsn(host, &options);
            reach(&dsn).await.unwrap();
            let seen = secured.seen(&dsn);
            assert_eq!(
                seen.contains("SSL enabled (protocol=TLSv1.3"),
                encrypted,
                "{dsn}: {seen}"
            );
            assert!(seen.contains("application_name=chatterstack"), "{seen}");
        }
    }
}

#[tokio::test]
async fn a_server_without_tls_is_refused_where_tls_is_required() {
    let server = Postgres::shared();
    for options in ["", "?sslmode=disable", "?sslmode=prefer"] {
        reach(&format!("{}{options}", server.database()))
            .await
            .unwrap();
    }
    let roots = BY_AUTHORITY.roots();
    for mode in ["require", "verify-ca", "verify-full"] {
        let dsn = format!("{}?sslmode={mode}&sslrootcert={roots}", server.database());
        let said = refusal(&dsn).await;
        assert!(said.contains("does not support TLS"), "{said}");
    }
    let said = refusal(&format!("{}?sslmode=require", server.database())).await;
    assert!(said.contains("sslmode require"), "{said}");
}

#[tokio::test]
async fn another_name_passes_unless_the_name_is_verified() {
    let secured = &BY_AUTHORITY;
    let roots = secured.roots();
    for mode in ["prefer", "require", "verify-ca"] {
        let options = format!("sslmode={mode}&sslrootcert={roots}");
        let dsn = secured.dsn("other.example", &options);
        reach(&dsn).await.unwrap();
        assert!(secured.seen(&dsn).contains("SSL enabled"));
    }
    let options = format!("sslmode=verify-full&sslrootcert={roots}");
    let said = refusal(&secured.dsn("other.example", &options)).await;
    assert!(
        said.contains("other.example:")
            && said.contains("sslmode verify-full")
            && said.contains("not valid for name"),
        "{said}"
    );
}

#[tokio::test]
async fn another_authority_is_refused_in_every_mode_that_names_one() {
    let secured = &BY_AUTHORITY;
    let stranger = secured.stranger();
    for mode in ["prefer", "require", "verify-ca", "verify-full"] {
        let options = format!("sslmode={mode}&sslrootcert={stranger}");
        let said = refusal(&secured.dsn("db.example", &options)).await;
        assert!(said.contains("UnknownIssuer"), "{said}");
    }
    // Those of the system do not know it either, if there are any.
    for options in ["sslmode=verify-full", "sslrootcert=system"] {
        let outcome = reach(&secured.dsn("db.example", options)).await;
        let refused = matches!(
            outcome,
            Err(OpenError::Refused { .. } | OpenError::Roots { .. })
        );
        assert!(refused, "{outcome:?}");
    }
}

#[tokio::test]
async fn a_certificate_that_is_its_own_authority_is_known_by_itself() {
    let secured = &BY_ITSELF;
    let roots = secured.roots();
    for mode in ["verify-ca", "verify-full"] {
        let options = format!("sslmode={mode}&sslrootcert={roots}");
        let dsn = secured.dsn("db.example", &options);
        reach(&dsn).await.unwrap();
        assert!(secured.seen(&dsn).contains("SSL enabled (protocol=TLSv1.2"));
    }
    let options = format!("sslmode=verify-full&sslrootcert={roots}");
    let said = refusal(&secured.dsn("other.example", &options)).await;
    assert!(said.contains("not valid for name"), "{said}");
    let options = format!("sslmode=verify-ca&sslrootcert={}", secured.stranger());
    let said = refusal(&secured.dsn("db.example", &options)).await;
    assert!(said.contains("invalid peer certificate"), "{said}");
}

#[tokio::test]
async fn a_file_of_authorities_that_is_missing_or_empty_or_something_else_is_named() {
    let secured = &BY_AUTHORITY;
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let half = "-----BEGIN CERTIFICATE-----\nTm8=\n-----END CERTIFICATE-----\n";
    for (path, reason) in [
        (secured.file("missing.pem"), "cannot be read"),
        (write("empty.pem", ""), "it holds none"),
        (secured.file("hba.conf"), "it holds none"),
        (secured.file("server.key"), "it holds none"),
        (write("half.pem", half), "not a file of PEM certificates"),
    ] {
        let options = format!("sslmode=verify-full&sslrootcert={path}");
        let error = reach(&secured.dsn("db.example", &options))
            .await
            .unwrap_err();
        assert!(matches!(error, OpenError::Roots { .. }), "{error:?}");
        let said = error.to_string();
        assert!(said.contains(&path) && said.contains(reason), "{said}");
        assert!(said.contains("db.example:"), "{said}");
    }
}

#[tokio::test]
async fn a_host_that_is_known_by_its_number_alone_is_verified_by_it() {
    let secured = &BY_AUTHORITY;
    let (roots, port) = (secured.roots(), secured.server.port());
    let dsn = secured.server.database();
    let database = dsn.rsplit('/').next().unwrap();
    let dsn = format!(
        "postgres://chat@/{database}?hostaddr=127.0.0.1&port={port}&sslmode=verify-full&sslrootcert={roots}"
    );
    reach(&dsn).await.unwrap();
    assert!(secured.seen(&dsn).contains("SSL enabled"));
}
