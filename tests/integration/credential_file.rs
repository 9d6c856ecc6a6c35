//! The refresh token in a file.

use std::fs;
use std::path::{Path, PathBuf};

use partner_referrals::credential::{
    CredentialErrorKind, FileStore, RefreshTokenCredential, TokenSource as _, TokenStore as _,
};

use super::server::{Reply, TokenServer};
use super::{refresh, stored, tokens};

/// A directory that goes away with the test.
struct Directory(PathBuf);

impl Directory {
    fn new() -> Self {
        let path = std::env::temp_dir().join(format!("credential-{}", uuid::Uuid::new_v4()));
        fs::create_dir(&path).unwrap();
        Self(path)
    }

    fn file(&self) -> PathBuf {
        self.0.join("canary-token.json")
    }

    fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(&self.0).unwrap();
        entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect()
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

async fn refused(path: &Path) -> String {
    let error = FileStore::new(path).load().await.unwrap_err();
    assert_eq!(error.kind(), CredentialErrorKind::Store);
    assert!(
        !format!("{error} {error:?}").contains("canary"),
        "{error:?}"
    );
    error.to_string()
}

#[tokio::test]
async fn a_token_comes_back_and_nothing_else_is_left_behind() {
    let directory = Directory::new();
    let store = FileStore::new(directory.file());
    assert_eq!(stored(&store).await, None);
    store.save(&refresh("first")).await.unwrap();
    store.save(&refresh("se\"cond")).await.unwrap();
    assert_eq!(stored(&store).await.unwrap(), "se\"cond");
    assert_eq!(directory.names(), ["canary-token.json"]);
    let content: serde_json::Value =
        serde_json::from_slice(&fs::read(directory.file()).unwrap()).unwrap();
    assert_eq!(
        content,
        serde_json::json!({"version": 1, "refresh_token": "se\"cond"})
    );
    assert!(!format!("{store:?}").contains("canary"));
}

#[cfg(unix)]
#[tokio::test]
async fn only_the_owner_may_read_it() {
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};

    let directory = Directory::new();
    let path = directory.file();
    let store = FileStore::new(&path);
    store.save(&refresh("canary")).await.unwrap();
    let before = fs::metadata(&path).unwrap();
    assert_eq!(before.permissions().mode() & 0o777, 0o600);

    for mode in [0o640, 0o604, 0o620, 0o644] {
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        assert!(refused(&path).await.contains("chmod 600"));
    }
    // A new sign-in makes it good again, as another file.
    store.save(&refresh("canary")).await.unwrap();
    let after = fs::metadata(&path).unwrap();
    assert_eq!(after.permissions().mode() & 0o777, 0o600);
    assert_ne!(before.ino(), after.ino(), "replaced, not written over");
    assert_eq!(stored(&store).await.unwrap(), "canary");
}

#[cfg(unix)]
#[tokio::test]
async fn whoever_has_the_old_file_open_still_reads_it_whole() {
    use std::io::Read as _;

    let directory = Directory::new();
    let store = FileStore::new(directory.file());
    store.save(&refresh("first")).await.unwrap();
    let mut old = fs::File::open(directory.file()).unwrap();
    store.save(&refresh("second")).await.unwrap();
    let mut content = String::new();
    old.read_to_string(&mut content).unwrap();
    assert_eq!(content, r#"{"version":1,"refresh_token":"first"}"#);
}

#[tokio::test]
async fn a_save_that_fails_leaves_the_old_token_and_no_rest() {
    let directory = Directory::new();
    let nowhere = FileStore::new(directory.0.join("missing").join("token.json"));
    let error = nowhere.save(&refresh("canary")).await.unwrap_err();
    assert_eq!(error.kind(), CredentialErrorKind::Store);
    // A directory cannot be replaced by a file.
    let occupied = directory.0.join("occupied");
    fs::create_dir(&occupied).unwrap();
    fs::write(occupied.join("content"), "").unwrap();
    FileStore::new(&occupied)
        .save(&refresh("canary"))
        .await
        .unwrap_err();
    assert_eq!(directory.names(), ["occupied"]);
}

#[tokio::test]
async fn a_damaged_file_is_told_without_being_shown() {
    let directory = Directory::new();
    let path = directory.file();
    for content in [
        "",
        "canary",
        r#"{"version":1,"refresh_token":["canary"]}"#,
        r#"{"version":"canary","refresh_token":"canary"}"#,
        r#"{"version":1,"refresh_token":"can"#,
    ] {
        FileStore::new(&path).save(&refresh("x")).await.unwrap();
        // Keeps the mode of the file.
        fs::write(&path, content).unwrap();
        assert!(refused(&path).await.contains("damaged"));
    }
    fs::write(&path, r#"{"version":2,"refresh_token":"canary"}"#).unwrap();
    assert!(refused(&path).await.contains("another version"));
}

#[tokio::test]
async fn a_rotated_token_survives_the_program() {
    let directory = Directory::new();
    FileStore::new(directory.file())
        .save(&refresh("first"))
        .await
        .unwrap();
    let server = TokenServer::start([
        Reply::Json(200, tokens("a1", "second")),
        Reply::Json(200, tokens("a2", "third")),
    ])
    .await;
    for _ in 0..2 {
        let store = FileStore::new(directory.file());
        let credential = RefreshTokenCredential::new(server.app(), store).unwrap();
        credential.fetch().await.unwrap();
    }
    assert_eq!(server.asked()[1].field("refresh_token"), Some("second"));
    assert_eq!(
        stored(&FileStore::new(directory.file())).await.unwrap(),
        "third"
    );
}
