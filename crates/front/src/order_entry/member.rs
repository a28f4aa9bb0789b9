//! Who may log on, and as whom a session then acts.
use rustc_hash::FxHashMap;
use sha2::{Digest, Sha256};

/// What a key may do by FIX.
#[derive(Debug, Clone)]
pub struct Member {
    /// Number of the key: the session of its records.
    pub session: u32,
    pub user: u32,
    pub role: u8,
    /// 0: it has none of its own, so that Python reads all of its orders.
    pub account: u32,
    /// As Account(1) names it.
    pub account_text: Box<str>,
    pub secret_sha256: [u8; 32],
}

/// All of them, by the id of the key.
#[derive(Debug, Default)]
pub struct Members(FxHashMap<Box<str>, Member>);

impl Members {
    pub fn set(&mut self, all: impl IntoIterator<Item = (String, Member)>) {
        self.0 = all.into_iter().map(|(id, member)| (id.into_boxed_str(), member)).collect();
    }

    pub fn iter(&self) -> impl Iterator<Item = (&str, &Member)> {
        self.0.iter().map(|(key, member)| (&**key, member))
    }

    /// The member whose key this is, if the secret is its secret. An unknown key takes as long as a wrong secret.
    pub fn opened(&self, key: &str, secret: &[u8]) -> Option<&Member> {
        let given: [u8; 32] = Sha256::digest(secret).into();
        let member = self.0.get(key);
        let kept = member.map_or([0; 32], |member| member.secret_sha256);
        let equal = given.iter().zip(&kept).fold(0, |differs, (a, b)| differs | (a ^ b)) == 0;
        member.filter(|_| equal)
    }
}
