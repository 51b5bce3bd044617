//! docs/CONFIGURATION.md, made of the table.

use std::fmt::Write;

use super::{FILE_VARIABLE, GROUPS, Secrecy, Setting};

/// The whole page.
pub fn markdown() -> String {
    let mut page = format!(
        "# Configuration\n\n\
         <!-- Made of crates/app/src/config/table by `UPDATE_DOCS=1 cargo test -p app`; a test compares. -->\n\n\
         Without any configuration ChatterStack starts for development. Each setting can be said in three places, \
         of which the first wins:\n\n\
         1. a flag: `PORT` is `--port 8080`, `JWT_ACCESS_TTL` is `--jwt-access-ttl 15m`;\n\
         2. an environment variable; an empty one counts as unset;\n\
         3. a TOML file, named by `--config FILE` or `{FILE_VARIABLE}`: `port = 8080`, `jwt_access_ttl = \"15m\"`, \
         `cors_allowed_origins = [\"https://chat.example.org\"]`. A key that is no setting is an error.\n\n\
         A duration is a whole number with its unit: `500ms`, `30s`, `15m`, `168h`, `7d`.\n\n\
         A rate is `<count>/<duration>`: with `30/1m`, 30 times at once, and once more every 2 seconds after that. \
         `off` takes the limit away. What goes beyond is refused with 429, or an `error` frame on a socket, and the time \
         to wait. The nodes that share a Redis count together; while it is away, each counts alone.\n\n\
         A secret has no flag, because every user of a machine can read the arguments of its processes. Secrets are \
         never shown; a URL is shown without its password.\n\n\
         A bad value ends the start with status 78 and one line for each fault on standard error; an unknown flag \
         or command ends it with 2.\n"
    );
    for group in GROUPS {
        let rows: String = group.settings.iter().map(row).collect();
        write!(
            page,
            "\n## {}\n\n| setting | values | default | what it does |\n| --- | --- | --- | --- |\n{rows}",
            group.title
        )
        .expect("a String takes all that is written");
    }
    page
}

fn row(setting: &Setting) -> String {
    let alias = setting
        .alias
        .map(|alias| format!(", alias `{alias}`"))
        .unwrap_or_default();
    let secret = match setting.secrecy {
        Secrecy::Open => "",
        Secrecy::Dsn => "; shown without its password",
        Secrecy::Secret => "; secret",
    };
    let default = setting
        .default
        .map_or("unset".to_owned(), |default| format!("`{default}`"));
    format!(
        "| `{}`{alias} | {}{secret} | {default} | {} |\n",
        setting.name,
        escaped(&setting.kind.values()),
        escaped(setting.doc)
    )
}

/// Without what Markdown would take for a cell's end, a tag or emphasis.
fn escaped(text: &str) -> String {
    text.replace('|', "\\|")
        .replace('<', "\\<")
        .replace('*', "\\*")
}

#[cfg(test)]
mod tests {
    use std::{fs, path::Path};

    #[test]
    fn the_page_that_is_checked_in_says_what_the_table_says() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/CONFIGURATION.md");
        let page = super::markdown();
        if std::env::var_os("UPDATE_DOCS").is_some() {
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, &page).unwrap();
        }
        let checked_in = fs::read_to_string(&path).unwrap_or_default();
        assert!(
            checked_in == page,
            "docs/CONFIGURATION.md is out of date: run UPDATE_DOCS=1 cargo test -p app"
        );
    }
}
