//! A sentinel, which knows where the server is.

use super::*;

/// A sentinel, which needs a file that it may write.
struct Sentinel {
    process: Child,
    port: u16,
    _folder: tempfile::TempDir,
}

impl Sentinel {
    fn of(redis: &Redis) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let port = testkit::free_port();
        let file = folder.path().join("sentinel.conf");
        let text = format!(
            "port {port}\nbind 127.0.0.1\nsentinel monitor main 127.0.0.1 {} 1\n",
            redis.port()
        );
        fs::write(&file, text).unwrap();
        // It ends with this test, however that ends.
        let process = Command::new("setpriv")
            .args(["--pdeathsig", "KILL", "redis-server"])
            .arg(&file)
            .arg("--sentinel")
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        Self {
            process,
            port,
            _folder: folder,
        }
    }
}

impl Drop for Sentinel {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sentinel_that_knows_where_the_server_is() {
    let redis = Redis::start();
    let sentinel = Sentinel::of(&redis);
    let address = format!("127.0.0.1:{}", sentinel.port);
    works(&options(format!(
        "redis-sentinel://{address}/1?sentinelServiceName=main"
    )))
    .await;
}
