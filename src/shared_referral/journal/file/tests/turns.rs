//! One writer for all: who asks, is answered in turn.

use super::*;

fn writer(folder: &Folder, file: fs::File) -> Writer {
    Writer {
        path: folder.file(),
        file,
        index: index::Index::default(),
        length: HEADER.len() as u64,
        commit: 0,
        compact_above: COMPACT_ABOVE,
        syncs: Arc::default(),
        failed: false,
        _lock: disk::lock(&folder.file()).unwrap(),
    }
}

#[tokio::test]
async fn what_is_asked_while_it_writes_is_answered_in_turn() {
    let folder = Folder::new();
    fs::write(folder.file(), HEADER).unwrap();
    let file = fs::OpenOptions::new()
        .write(true)
        .read(true)
        .open(folder.file())
        .unwrap();
    let writer = writer(&folder, file);
    let syncs = Arc::clone(&writer.syncs);
    let (jobs, asked) = channel();
    let mut replies = Vec::new();
    // One more than is written at once.
    for number in 0..1025 {
        let (reply, answered) = oneshot::channel();
        replies.push(answered);
        let append = Append {
            operation: id(number),
            after: 0,
            records: vec![begun(number)],
            reply,
        };
        jobs.send(Job::Append(append)).unwrap();
    }
    let (first, loaded) = oneshot::channel();
    jobs.send(Job::Load(id(7), first)).unwrap();
    let (second, listed) = oneshot::channel();
    jobs.send(Job::ListOpen(second)).unwrap();
    drop(jobs);
    writer.run(&asked);
    for reply in replies {
        reply.await.unwrap().unwrap();
    }
    assert_eq!(loaded.await.unwrap().unwrap(), [begun(7)]);
    assert_eq!(listed.await.unwrap().unwrap().len(), 1025);
    assert_eq!(syncs.load(Ordering::Relaxed), 2);
}

#[tokio::test]
async fn after_a_failed_write_nothing_is_taken_any_more() {
    let folder = Folder::new();
    fs::write(folder.file(), HEADER).unwrap();
    // Open for reading only, so that every write fails.
    let writer = writer(&folder, fs::File::open(folder.file()).unwrap());
    let syncs = Arc::clone(&writer.syncs);
    let (jobs, asked) = channel();
    let thread = std::thread::spawn(move || writer.run(&asked));
    let journal = FileJournal(Arc::new(Inner {
        jobs: Some(jobs),
        thread: Some(thread),
        syncs,
        recovered: None,
    }));
    for text in ["could not be written", "open the journal again"] {
        let error = journal.append(id(1), 0, vec![begun(1)]).await.unwrap_err();
        assert_eq!(error.kind(), JournalErrorKind::Io);
        assert!(error.to_string().contains(text), "{error}");
    }
    assert_eq!(journal.load(id(1)).await.unwrap(), []);
    assert_eq!(kind(journal.compact().await), JournalErrorKind::Io);
    assert_eq!(journal.syncs(), 0);
    assert_eq!(fs::read(folder.file()).unwrap(), HEADER);
}
