//! An incremental build does not see files that were added to an embedded folder.

fn main() {
    println!("cargo:rerun-if-changed=assets");
}
