//! Who calls: a thread that looks for gateways every now and then, so that the engine's need not.
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::thread::JoinHandle;
use std::time::Duration;

use crate::memory;

/// Between two looks.
const EVERY: Duration = Duration::from_millis(20);

/// The thread, and the lanes whose gateways lived at its last look.
pub struct Watch {
    callers: Receiver<Vec<PathBuf>>,
    ended: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Watch {
    pub fn start(folder: &Path) -> Self {
        let (sender, callers) = sync_channel(1);
        let ended = Arc::new(AtomicBool::new(false));
        let (folder, until) = (folder.to_owned(), ended.clone());
        let thread = std::thread::spawn(move || look(&folder, &sender, &until));
        Self { callers, ended, thread: Some(thread) }
    }

    /// The lanes of the last look, if there was one since.
    #[inline]
    pub fn callers(&self) -> Option<Vec<PathBuf>> {
        self.callers.try_recv().ok()
    }
}

/// A look that fails is followed by another; the gateways of the last good one stay.
fn look(folder: &Path, sender: &SyncSender<Vec<PathBuf>>, until: &AtomicBool) {
    while !until.load(Ordering::Relaxed) {
        if let Ok(callers) = memory::callers(folder)
            && let Err(TrySendError::Disconnected(_)) = sender.try_send(callers)
        {
            return;
        }
        std::thread::sleep(EVERY);
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.ended.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
