//! All sessions of a server, by place and by identity.
use std::collections::HashMap;
use std::mem;

use crate::session::{Identity, Session};

/// The sessions of a server. Whoever borrows one to change it has its output written at the end of the turn.
#[derive(Default)]
pub struct Sessions {
    list: Vec<Session>,
    places: HashMap<Identity, usize>,
    touched: Vec<usize>,
    is_touched: Vec<bool>,
}

impl Sessions {
    /// Adds a session, which gets its place; None if its identity is there already.
    pub fn add(&mut self, mut session: Session) -> Option<usize> {
        let identity = session.settings().identity.clone();
        if self.places.contains_key(&identity) {
            return None;
        }
        let place = self.list.len();
        session.place = place;
        self.places.insert(identity, place);
        self.list.push(session);
        self.is_touched.push(false);
        Some(place)
    }

    pub fn len(&self) -> usize {
        self.list.len()
    }

    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    pub fn get(&self, place: usize) -> Option<&Session> {
        self.list.get(place)
    }

    pub fn get_mut(&mut self, place: usize) -> Option<&mut Session> {
        let session = self.list.get_mut(place)?;
        if !mem::replace(&mut self.is_touched[place], true) {
            self.touched.push(place);
        }
        Some(session)
    }

    pub fn find(&self, identity: &Identity) -> Option<usize> {
        self.places.get(identity).copied()
    }

    pub fn iter(&self) -> impl Iterator<Item = &Session> {
        self.list.iter()
    }

    /// Nothing is left to be done for that session now.
    pub(super) fn settle(&mut self, place: usize) {
        if mem::replace(&mut self.is_touched[place], false) {
            self.touched.retain(|touched| *touched != place);
        }
    }

    /// The places of the sessions borrowed since the last time.
    pub(super) fn take_touched(&mut self, into: &mut Vec<usize>) {
        into.clear();
        mem::swap(into, &mut self.touched);
        for place in into {
            self.is_touched[*place] = false;
        }
    }
}
