//! Sections 3 and 4 of the contract, and what is said of guests, row by row: with frames as they are on the wire.

mod entering;
mod flat;
mod fleet;
mod guests;
mod history;
mod leaving;
mod mixed;
mod moderation;
mod native_drafts;
mod restarts;
mod rig;
mod stream;
mod stream_talk;
