mod compact;
mod crash;
mod turns;

use std::fs;
use std::path::Path;

use futures::future::join_all;
use proptest::prelude::*;
use uuid::Uuid;

use super::line::Entry;
use super::scan::HEADER;
use super::*;
use crate::scalar::{EngagementId, ReferralId};
use crate::shared_referral::operation::Witness;
use crate::shared_referral::problem::Half;

/// A folder that goes with its owner.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        let folder = std::env::temp_dir().join(format!("journal-{}", Uuid::new_v4()));
        fs::create_dir(&folder).unwrap();
        Self(folder)
    }

    fn file(&self) -> PathBuf {
        self.0.join("deals.journal")
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn id(number: usize) -> OperationId {
    OperationId::of_key(&number.to_string())
}

fn begun(number: usize) -> Record {
    let print = format!("{number:032x}").parse().unwrap();
    Record::Begun {
        at: "2026-01-01T00:00:00Z".parse().unwrap(),
        marker: number.to_string(),
        content: print,
        traits: print,
    }
}

fn created(half: Half) -> Record {
    Record::Created {
        half,
        at: "2026-01-01T00:00:01Z".parse().unwrap(),
        referral: ReferralId::new("a").unwrap(),
        engagement: EngagementId::new("e").unwrap(),
        by: Witness::Answer,
    }
}

fn abandoned() -> Record {
    let at = "2026-01-01T00:00:02Z".parse().unwrap();
    Record::Abandoned { at }
}

/// What an operation has after each of its three appends.
fn history(number: usize) -> Vec<Record> {
    vec![begun(number), created(Half::Own), created(Half::Connected)]
}

async fn append(journal: &FileJournal, number: usize, after: usize) {
    let record = history(number).remove(after);
    journal
        .append(id(number), after, vec![record])
        .await
        .unwrap();
}

async fn finish(journal: &FileJournal, number: usize) {
    for after in 0..3 {
        append(journal, number, after).await;
    }
}

fn kind<T>(result: Result<T, JournalError>) -> JournalErrorKind {
    result.err().unwrap().kind()
}

#[tokio::test]
async fn what_was_appended_is_there_after_it_is_opened_again() {
    let folder = Folder::new();
    let journal = FileJournal::open(folder.file()).unwrap();
    finish(&journal, 1).await;
    append(&journal, 2, 0).await;
    append(&journal, 3, 0).await;
    append(&journal, 2, 1).await;
    for _ in 0..2 {
        assert_eq!(journal.load(id(1)).await.unwrap(), history(1));
        assert_eq!(journal.load(id(2)).await.unwrap(), history(2)[..2]);
        assert_eq!(journal.load(id(4)).await.unwrap(), []);
        assert_eq!(journal.list_open().await.unwrap(), [id(2), id(3)]);
    }
    drop(journal);
    let before = fs::read(folder.file()).unwrap();
    let journal = FileJournal::open(folder.file()).unwrap();
    assert_eq!(journal.recovered(), None);
    assert_eq!(fs::read(folder.file()).unwrap(), before, "left as it is");
    let shown = format!("{journal:?}");
    assert_eq!(shown, "FileJournal { syncs: 0, recovered: None, .. }");
    assert_eq!(journal.load(id(1)).await.unwrap(), history(1));
    assert_eq!(journal.load(id(2)).await.unwrap(), history(2)[..2]);
    assert_eq!(journal.list_open().await.unwrap(), [id(2), id(3)]);
    append(&journal, 2, 2).await;
    assert_eq!(journal.list_open().await.unwrap(), [id(3)]);
}

#[tokio::test]
async fn an_append_that_does_not_follow_changes_nothing() {
    let folder = Folder::new();
    let journal = FileJournal::open(folder.file()).unwrap();
    finish(&journal, 1).await;
    append(&journal, 2, 0).await;
    let before = fs::read(folder.file()).unwrap();
    for (number, after) in [(1, 0), (1, 2), (2, 0), (2, 2), (3, 1)] {
        let result = journal.append(id(number), after, vec![created(Half::Own)]);
        assert_eq!(
            kind(result.await),
            JournalErrorKind::Conflict,
            "{number} {after}"
        );
    }
    let nonsense = journal.append(id(2), 1, vec![begun(2)]);
    assert_eq!(kind(nonsense.await), JournalErrorKind::Damaged);
    assert_eq!(fs::read(folder.file()).unwrap(), before);
}

#[tokio::test]
async fn what_is_complete_cannot_be_given_up_and_the_journal_stays_good() {
    let folder = Folder::new();
    let journal = FileJournal::open(folder.file()).unwrap();
    finish(&journal, 1).await;
    let refused = journal.append(id(1), 3, vec![abandoned()]).await;
    assert_eq!(kind(refused), JournalErrorKind::Damaged);
    append(&journal, 2, 0).await;
    drop(journal);
    let journal = FileJournal::open(folder.file()).unwrap();
    assert_eq!(journal.load(id(1)).await.unwrap(), history(1));
    assert_eq!(journal.list_open().await.unwrap(), [id(2)]);
}

#[tokio::test]
async fn what_becomes_known_of_a_finished_operation_is_added_to_it() {
    let folder = Folder::new();
    let journal = FileJournal::open(folder.file()).unwrap();
    finish(&journal, 1).await;
    let at = "2026-01-01T00:00:03Z".parse().unwrap();
    let half = Half::Own;
    let more = Record::NoTwin { half, at };
    journal.append(id(1), 3, vec![more.clone()]).await.unwrap();
    append(&journal, 2, 0).await;
    drop(journal);
    let journal = FileJournal::open(folder.file()).unwrap();
    let all = [history(1), vec![more]].concat();
    assert_eq!(journal.load(id(1)).await.unwrap(), all);
}

#[tokio::test]
async fn of_two_writers_at_once_one_is_told_of_the_other() {
    let folder = Folder::new();
    let journal = FileJournal::open(folder.file()).unwrap();
    let both = [0, 1].map(|_| journal.append(id(1), 0, vec![begun(1)]));
    let results = join_all(both).await;
    assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 1);
    assert_eq!(journal.load(id(1)).await.unwrap(), [begun(1)]);
}

#[tokio::test]
async fn appends_that_come_together_share_one_sync() {
    let folder = Folder::new();
    let journal = FileJournal::open(folder.file()).unwrap();
    let before = journal.syncs();
    let all = (0..200).map(|number| journal.append(id(number), 0, vec![begun(number)]));
    for result in join_all(all).await {
        result.unwrap();
    }
    // One may find the thread idle; whatever queues up meanwhile goes together.
    let syncs = journal.syncs() - before;
    assert!((1..=100).contains(&syncs), "{syncs}");
    assert_eq!(journal.list_open().await.unwrap().len(), 200);
}

#[cfg(unix)]
#[tokio::test]
async fn a_link_leads_to_the_same_journal_and_stays_a_link() {
    let folder = Folder::new();
    let link = folder.0.join("link.journal");
    let journal = FileJournal::open(folder.file()).unwrap();
    std::os::unix::fs::symlink(folder.file(), &link).unwrap();
    assert_eq!(kind(FileJournal::open(&link)), JournalErrorKind::Locked);
    append(&journal, 1, 0).await;
    drop(journal);
    let journal = FileJournal::open(&link).unwrap();
    journal.compact().await.unwrap();
    drop(journal);
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    let journal = FileJournal::open(folder.file()).unwrap();
    assert_eq!(journal.list_open().await.unwrap(), [id(1)]);
}

#[test]
fn a_file_that_is_no_journal_is_refused_and_left_as_it_is() {
    let folder = Folder::new();
    for content in [
        &b"name,amount\nContoso,5\n"[..],
        b"{\"journal\":\"partner-referrals shared referrals\",\"version\":2}\n",
        b"x",
    ] {
        fs::write(folder.file(), content).unwrap();
        private(&folder.file());
        let result = FileJournal::open(folder.file());
        assert_eq!(kind(result), JournalErrorKind::Damaged);
        assert_eq!(fs::read(folder.file()).unwrap(), content);
    }
}

#[cfg(unix)]
fn private(path: &Path) {
    use std::os::unix::fs::PermissionsExt as _;
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
}

#[cfg(not(unix))]
fn private(_: &Path) {}

#[cfg(unix)]
#[test]
fn it_is_made_for_its_owner_only_and_refused_when_others_may_read_it() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = Folder::new();
    drop(FileJournal::open(folder.file()).unwrap());
    for ending in ["", ".lock"] {
        let mode = fs::metadata(disk::beside(&folder.file(), ending)).unwrap();
        assert_eq!(mode.permissions().mode() & 0o777, 0o600, "{ending}");
    }
    for mode in [0o640, 0o604, 0o620] {
        fs::set_permissions(folder.file(), fs::Permissions::from_mode(mode)).unwrap();
        let error = FileJournal::open(folder.file()).unwrap_err();
        assert!(error.to_string().contains("chmod 600"), "{error}");
    }
}

#[test]
fn a_second_one_is_told_that_it_is_taken() {
    let folder = Folder::new();
    let first = FileJournal::open(folder.file()).unwrap();
    let second = FileJournal::open(folder.file());
    assert_eq!(kind(second), JournalErrorKind::Locked);
    let clone = first.clone();
    drop(first);
    let third = FileJournal::open(folder.file());
    assert_eq!(kind(third), JournalErrorKind::Locked);
    drop(clone);
    FileJournal::open(folder.file()).unwrap();
}
