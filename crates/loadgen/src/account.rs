use anyhow::Result;
use bench::Account;
use reqwest::Client;

/// A room, and one socket address for each of its members.
pub struct Room {
    pub id: String,
    pub sockets: Vec<String>,
}

/// A name that no earlier run has taken: 20 letters and digits.
pub fn unique() -> String {
    let unique = format!("{:?}-{}", std::time::Instant::now(), std::process::id());
    let name: String = unique.chars().filter(char::is_ascii_alphanumeric).collect();
    name[name.len().saturating_sub(20)..].to_owned()
}

/// Makes a user, and logs it in.
pub async fn account(url: &str, name: &str) -> Result<Account> {
    Account::new(Client::new(), url, name, "load-password").await
}

/// One account with many sockets: hashing passwords is not what is measured.
pub async fn room(url: &str, sockets: usize) -> Result<Room> {
    let account = account(url, &unique()).await?;
    let id = account.make_room(&[]).await?;
    let address = format!("{}{}", url.replacen("http", "ws", 1), account.path(&id));
    Ok(Room {
        id,
        sockets: vec![address; sockets],
    })
}
