use std::{net::IpAddr, sync::Arc, time::Duration};

use actix_web::{HttpMessage, HttpRequest, http::header::HeaderMap};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use domain::{
    UserId,
    ports::{Allowance, Quota, RateLimiter},
    values::Email,
};
use sha2::{Digest, Sha256};

use crate::{client_address, problem::Problem};

mod standing;

use standing::Standing;

/// How often something may be done: `burst` times at once, and once more every `period / burst`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// How often at once; at least 1.
    pub burst: u32,
    /// How long a spent burst takes to come back; at least a second.
    pub period: Duration,
}

/// How often things may be done; `None`: as often as one likes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Rates {
    /// Making accounts, for each address.
    pub register_ip: Option<Rate>,
    /// Logging in and renewing tokens, for each address.
    pub login_ip: Option<Rate>,
    /// Logging in, for each account.
    pub login_account: Option<Rate>,
    /// Guests coming in, and what they ask for over REST, for each address.
    pub guests_ip: Option<Rate>,
    /// Rooms that guests make by asking for them, for each address.
    pub guest_rooms_ip: Option<Rate>,
    /// What guests say, and the names they take, for each address.
    pub guest_messages_ip: Option<Rate>,
    /// REST calls and handshakes of sockets, for each user.
    pub rest_user: Option<Rate>,
    /// Messages, by either door, for each user.
    pub messages_user: Option<Rate>,
    /// Typing told to others, for each user.
    pub typing_user: Option<Rate>,
    /// Writes to streams, by either door, for each user.
    pub streams_user: Option<Rate>,
    /// Frames of any kind, for each socket; counted on its node alone.
    pub socket_frames: Option<Rate>,
}

/// Counts what is done at the doors.
pub struct Limits {
    limiter: Arc<dyn RateLimiter>,
    rates: Rates,
}

/// What is counted, and for whom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Deed {
    /// An account is made from this address.
    Register(Option<IpAddr>),
    /// Somebody logs in, or renews their tokens, from this address.
    LogInFrom(Option<IpAddr>),
    /// Somebody logs in to the account of this address, which may not exist or be no address at all.
    LogInTo(String),
    /// A guest comes in, or asks for something, from this address.
    GuestFrom(Option<IpAddr>),
    /// A guest asks for a room that is not there, from this address.
    GuestRoom(Option<IpAddr>),
    /// A guest says something, or takes another name, from this address.
    GuestMessage(Option<IpAddr>),
    /// A user calls.
    Call(UserId),
    /// A user sends a message.
    Message(UserId),
    /// A user begins or stops typing.
    Typing(UserId),
    /// A user begins a stream, writes to one, or asks for its end.
    Stream(UserId),
}

impl Limits {
    /// Limits that the limiter counts.
    #[must_use]
    pub fn new(limiter: Arc<dyn RateLimiter>, rates: Rates) -> Self {
        Self { limiter, rates }
    }

    /// How many frames one socket may send.
    pub(crate) fn socket_frames(&self) -> Option<Rate> {
        self.rates.socket_frames
    }

    /// Counts it.
    ///
    /// # Errors
    /// `rate_limited`.
    pub(crate) async fn check(&self, deed: Deed) -> Result<(), Problem> {
        match self.take(&deed).await {
            Some(standing) if !standing.allowance.granted => Err(deed.refused(standing.allowance)),
            _ => Ok(()),
        }
    }

    /// Counts what a request does, and notes how the limit stands, for the headers of the answer.
    ///
    /// # Errors
    /// `rate_limited`.
    pub(crate) async fn check_request(
        &self,
        request: &HttpRequest,
        deed: Deed,
    ) -> Result<(), Problem> {
        let Some(standing) = self.take(&deed).await else {
            return Ok(());
        };
        let mut notes = request.extensions_mut();
        let tightest = match notes.get::<Standing>() {
            Some(other) if other.is_tighter_than(&standing) => *other,
            _ => standing,
        };
        notes.insert(tightest);
        if standing.allowance.granted {
            Ok(())
        } else {
            Err(deed.refused(standing.allowance))
        }
    }

    async fn take(&self, deed: &Deed) -> Option<Standing> {
        let (name, rate) = match deed {
            Deed::Register(_) => ("register_ip", self.rates.register_ip),
            Deed::LogInFrom(_) => ("login_ip", self.rates.login_ip),
            Deed::LogInTo(_) => ("login_account", self.rates.login_account),
            Deed::GuestFrom(_) => ("guests_ip", self.rates.guests_ip),
            Deed::GuestRoom(_) => ("guest_rooms_ip", self.rates.guest_rooms_ip),
            Deed::GuestMessage(_) => ("guest_messages_ip", self.rates.guest_messages_ip),
            Deed::Call(_) => ("rest_user", self.rates.rest_user),
            Deed::Message(_) => ("messages_user", self.rates.messages_user),
            Deed::Typing(_) => ("typing_user", self.rates.typing_user),
            Deed::Stream(_) => ("streams_user", self.rates.streams_user),
        };
        let rate = rate?;
        let quota = Quota {
            name,
            burst: rate.burst,
            period: rate.period,
        };
        let allowance = self.limiter.take(&quota, &deed.key()).await;
        Some(Standing { quota, allowance })
    }
}

impl Deed {
    /// For whom it is counted.
    fn key(&self) -> String {
        match self {
            Self::Register(address)
            | Self::LogInFrom(address)
            | Self::GuestFrom(address)
            | Self::GuestRoom(address)
            | Self::GuestMessage(address) => client_address::network(*address),
            Self::LogInTo(account) => account_key(account),
            Self::Call(user) | Self::Message(user) | Self::Typing(user) | Self::Stream(user) => {
                user.to_string()
            }
        }
    }

    fn refused(&self, allowance: Allowance) -> Problem {
        let what = match self {
            Self::Register(_) => "too many accounts were made from this address",
            Self::LogInFrom(_) => "too many log-ins from this address",
            Self::LogInTo(_) => "too many log-ins to this account",
            Self::GuestFrom(_) => "too many guests from this address",
            Self::GuestRoom(_) => "too many rooms were made from this address",
            Self::GuestMessage(_) => "too many messages of guests from this address",
            Self::Call(_) => "too many calls",
            Self::Message(_) => "too many messages",
            Self::Typing(_) => "typing is told too often",
            Self::Stream(_) => "streams are written to too often",
        };
        Problem::rate_limited(what, allowance.retry_after)
    }
}

/// The same for every way to write the address of an account, and of one length. A hash, so that no list of addresses
/// lies in the limiter's store.
fn account_key(written: &str) -> String {
    let account = Email::parse(written).map_or_else(
        |_| written.trim().to_lowercase(),
        |email| email.as_str().to_owned(),
    );
    URL_SAFE_NO_PAD.encode(Sha256::digest(account))
}

/// Tells in an answer how the tightest limit of its request stands, if one applied.
pub(crate) fn tell(request: &HttpRequest, headers: &mut HeaderMap) {
    if let Some(standing) = request.extensions().get::<Standing>() {
        standing.tell(headers);
    }
}

#[cfg(test)]
mod tests;
