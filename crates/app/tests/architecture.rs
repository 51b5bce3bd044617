//! The shape of the house: which crate may know which, and how large a file may be.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, HashSet},
    fs,
    path::{Path, PathBuf},
    process::Command,
    sync::LazyLock,
};

use cargo_metadata::{CargoOpt, DependencyKind, Metadata, MetadataCommand, PackageId};

/// Which crates of the house each one may know.
const ARROWS: [(&str, &[&str]); 10] = [
    ("domain", &[]),
    ("usecase", &["domain"]),
    ("realtime", &["domain"]),
    ("repository", &["domain"]),
    ("delivery", &["domain", "usecase", "realtime"]),
    ("web", &[]),
    ("bench", &[]),
    (
        "app",
        &[
            "domain",
            "usecase",
            "realtime",
            "repository",
            "delivery",
            "web",
            "bench",
        ],
    ),
    ("loadgen", &["bench"]),
    ("testkit", &["domain"]),
];

/// What a crate may not reach, not even through others; a name that ends in `*` stands for all that begin so.
const FORBIDDEN: [(&str, &[&str]); 4] = [
    (
        "domain",
        &["tokio", "actix*", "rusqlite", "tokio-postgres", "fred"],
    ),
    (
        "usecase",
        &["actix*", "rusqlite", "tokio-postgres", "fred", "repository"],
    ),
    (
        "realtime",
        &["actix*", "rusqlite", "tokio-postgres", "fred"],
    ),
    (
        "delivery",
        &["rusqlite", "tokio-postgres", "fred", "repository"],
    ),
];

/// Lines that are neither blank nor comment, of one file.
const MAX_LINES: usize = 300;

/// Names of files and folders that say nothing about what is in them.
const EMPTY_NAMES: [&str; 8] = [
    "util", "utils", "common", "helper", "helpers", "manager", "managers", "misc",
];

static METADATA: LazyLock<Metadata> = LazyLock::new(|| {
    MetadataCommand::new()
        .manifest_path(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml"))
        .features(CargoOpt::AllFeatures)
        // Packages of other platforms were not downloaded by the build.
        .other_options([
            "--offline".to_owned(),
            "--locked".to_owned(),
            format!("--filter-platform={}", host()),
        ])
        .exec()
        .unwrap()
});

/// The platform that this was built on, as rustc names it.
fn host() -> String {
    let told = Command::new("rustc").arg("-vV").output().unwrap();
    let told = String::from_utf8(told.stdout).unwrap();
    let host = told.lines().find_map(|line| line.strip_prefix("host: "));
    host.expect("rustc says its host").to_owned()
}

/// The names that crate `from` knows directly: for its own work, or for its tests.
fn known_by(from: &str, in_tests: bool) -> BTreeSet<String> {
    let members = METADATA.workspace_packages();
    let package = members.iter().find(|package| package.name == from).unwrap();
    let of_kind = package
        .dependencies
        .iter()
        .filter(|dependency| (dependency.kind == DependencyKind::Development) == in_tests);
    of_kind.map(|dependency| dependency.name.clone()).collect()
}

/// The packages that a crate is built of, its tests apart, by their ids.
fn reached_from(from: &PackageId) -> HashSet<&'static PackageId> {
    let nodes: HashMap<_, _> = METADATA
        .resolve
        .as_ref()
        .unwrap()
        .nodes
        .iter()
        .map(|node| (&node.id, node))
        .collect();
    let mut reached = HashSet::new();
    let mut open = vec![nodes[from]];
    while let Some(node) = open.pop() {
        for dependency in &node.deps {
            let is_built_in = dependency
                .dep_kinds
                .iter()
                .any(|kind| kind.kind != DependencyKind::Development);
            if is_built_in && reached.insert(&dependency.pkg) {
                open.push(nodes[&dependency.pkg]);
            }
        }
    }
    reached
}

fn fits(name: &str, pattern: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(start) => name.starts_with(start),
        None => name == pattern,
    }
}

#[test]
fn every_crate_has_its_arrows() {
    let members: BTreeSet<_> = METADATA
        .workspace_packages()
        .iter()
        .map(|package| package.name.to_string())
        .collect();
    let listed: BTreeSet<_> = ARROWS.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(members, listed);
}

#[test]
fn no_crate_knows_one_that_it_must_not_know() {
    let house: HashSet<_> = ARROWS.iter().map(|(name, _)| *name).collect();
    for (from, allowed) in ARROWS {
        for to in known_by(from, false) {
            let is_fine = !house.contains(to.as_str()) || allowed.contains(&to.as_str());
            assert!(is_fine, "{from} must not depend on {to}");
        }
        for to in known_by(from, true) {
            let may = |to: &str| allowed.contains(&to) || (to == "testkit" && from != "domain");
            let is_fine = !house.contains(to.as_str()) || may(&to);
            assert!(is_fine, "the tests of {from} must not depend on {to}");
        }
    }
}

#[test]
fn no_crate_reaches_the_technology_of_another_layer() {
    let names: BTreeMap<_, _> = METADATA
        .packages
        .iter()
        .map(|package| (&package.id, package.name.as_str()))
        .collect();
    for (from, forbidden) in FORBIDDEN {
        let members = METADATA.workspace_packages();
        let package = members.iter().find(|package| package.name == from).unwrap();
        for id in reached_from(&package.id) {
            let hit = forbidden.iter().find(|pattern| fits(names[id], pattern));
            assert!(hit.is_none(), "{from} reaches {}", names[id]);
        }
    }
}

/// rustls panics when it finds two providers: aws-lc-rs is the one.
#[test]
fn nothing_is_built_with_ring() {
    // Cargo's metadata names what a weak feature would bring too; the tree holds what is built.
    let tree = Command::new(env!("CARGO"))
        .args([
            "tree",
            "--offline",
            "--locked",
            "--workspace",
            "--all-features",
        ])
        .args([
            "--target",
            "all",
            "--edges",
            "normal,build",
            "--invert",
            "ring",
        ])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&tree.stdout);
    assert!(text.is_empty(), "{text}");
}

/// The source files of every crate, without the tests.
fn sources() -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut folders: Vec<_> = METADATA
        .workspace_packages()
        .iter()
        .map(|package| {
            package
                .manifest_path
                .parent()
                .unwrap()
                .join("src")
                .into_std_path_buf()
        })
        .collect();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.file_stem().is_some_and(|name| name == "tests") {
                continue;
            }
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|end| end == "rs") {
                files.push(path);
            }
        }
    }
    assert!(files.len() > 50, "the sources were not found");
    files
}

/// How many lines of code a file has, its tests apart: those stand last.
fn lines_of_code(path: &Path) -> usize {
    let text = fs::read_to_string(path).unwrap();
    let lines = text.lines().map(str::trim);
    let code = lines.take_while(|line| *line != "#[cfg(test)]");
    code.filter(|line| !line.is_empty() && !line.starts_with("//"))
        .count()
}

#[test]
fn no_file_is_too_long() {
    let long: Vec<_> = sources()
        .into_iter()
        .map(|path| (lines_of_code(&path), path))
        .filter(|(lines, _)| *lines > MAX_LINES)
        .collect();
    assert!(long.is_empty(), "split them by idea: {long:#?}");
}

#[test]
fn every_name_says_what_is_in_it() {
    let root = METADATA.workspace_root.as_std_path();
    for path in sources() {
        let inside = path.strip_prefix(root).unwrap().with_extension("");
        let words = inside
            .iter()
            .flat_map(|part| part.to_str().unwrap().split('_'));
        for word in words {
            assert!(
                !EMPTY_NAMES.contains(&word),
                "{}: name it after what it holds",
                path.display()
            );
        }
    }
}
