//! Every error of a use case, and the problem that a client sees. Nowhere else is one turned into the other.

use domain::{
    StoreError,
    ports::{HashError, TokenError},
};
use realtime::{FollowError, RegisterError, TypingError, wire::FrameError};
use usecase::{
    analytics::AnalyticsError,
    auth::{
        AuthenticateError, ChangeAccountError, LogInError, LogOutError, LogOutEverywhereError,
        RefreshSessionError, RegisterUserError,
    },
    guests::{EnterRoomError, ReadMessagesError, RenameGuestError},
    members::{AddMemberError, ListMembersError, RemoveMemberError},
    messages::{
        ChangeMessageError, ListMessagesError, ListReactionsError, MarkMessageError, ReactError,
        SearchMessagesError, SendMessageError,
    },
    rooms::{
        CreateRoomError, DeleteRoomError, GetRoomError, ListRoomsError, OpenDirectRoomError,
        ReadEventsError, SyncRoomsError,
    },
    sockets::{FollowRoomsError, ListPresenceError, OpenSocketError},
    streams::{
        FinishStreamError, ListStreamsError, StartStreamError, StreamError, WriteStreamError,
    },
    users::{GetUserError, SetUserStatusError, ShareDraftsError},
};

use super::{Code, Fields, Problem};

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        // What exactly failed is for the log, not for the client.
        match error {
            StoreError::Unavailable(reason) => {
                tracing::warn!(%reason, "the store is away");
                Self::new(Code::Unavailable, "the store is away; try again")
            }
            other => {
                tracing::error!(error = %other, "the store failed");
                Self::new(Code::Internal, "the server failed; the log has the details")
            }
        }
    }
}

impl From<HashError> for Problem {
    fn from(error: HashError) -> Self {
        match error {
            HashError::Overloaded => Self::new(Code::Overloaded, error.to_string()),
            HashError::Other(reason) => {
                tracing::error!(%reason, "hashing failed");
                Self::new(Code::Internal, "the server failed; the log has the details")
            }
        }
    }
}

/// Maps an error: each variant to a code, with the variant's own sentence, or onwards to another problem.
macro_rules! map {
    ($error:ident { $($variant:ident => $code:ident,)* } $(onwards { $($inner:ident,)* })?) => {
        impl From<$error> for Problem {
            fn from(error: $error) -> Self {
                match error {
                    $($error::$variant { .. } => Self::new(Code::$code, error.to_string()),)*
                    $($($error::$inner(inner) => inner.into(),)*)?
                }
            }
        }
    };
}

map!(TokenError { Expired => TokenExpired, Invalid => TokenInvalid, });
map!(AuthenticateError { SessionEnded => SessionEnded, } onwards { Token, Store, });
map!(RegisterUserError { EmailTaken => EmailTaken, UsernameTaken => UsernameTaken, }
    onwards { Hash, Store, });
map!(LogInError { WrongCredentials => InvalidCredentials, } onwards { Hash, Store, });
map!(RefreshSessionError { Refused => RefreshTokenInvalid, } onwards { Store, });
map!(LogOutError {} onwards { Store, });
map!(LogOutEverywhereError {} onwards { Store, });
map!(ChangeAccountError { WrongPassword => InvalidCredentials, SessionEnded => SessionEnded, }
    onwards { Hash, Store, });
map!(GetUserError { NotFound => UserNotFound, } onwards { Store, });
map!(SetUserStatusError { NotFound => UserNotFound, NotYours => NotYours, } onwards { Store, });
map!(ShareDraftsError { NotFound => UserNotFound, NotYours => NotYours, } onwards { Store, });
map!(CreateRoomError {
    CreatorIsNotCaller => CreatorIsNotCaller,
    SecondOwner => SecondOwner,
    UnknownMember => UnknownMember,
    TooManyMembers => TooManyMembers,
    GuestsInPrivate => GuestsInPrivate,
} onwards { Store, });
map!(OpenDirectRoomError { WithOneself => DirectRoomWithOneself, UnknownPeer => UserNotFound, }
    onwards { Store, });
map!(GetRoomError { NotFound => RoomNotFound, } onwards { Store, });
map!(ListRoomsError {} onwards { Store, });
map!(DeleteRoomError { NotFound => RoomNotFound, NotCreator => NotCreator, } onwards { Store, });
map!(ListMembersError { RoomNotFound => RoomNotFound, } onwards { Store, });
map!(AddMemberError {
    RoomNotFound => RoomNotFound,
    UserNotFound => UserNotFound,
    NotAllowed => NotAllowed,
    DirectRoom => DirectRoomIsFixed,
    AlreadyMember => AlreadyMember,
} onwards { Store, });
map!(RemoveMemberError {
    RoomNotFound => RoomNotFound,
    MemberNotFound => MemberNotFound,
    NotAllowed => NotAllowed,
    DirectRoom => DirectRoomIsFixed,
    OwnerStays => OwnerStays,
} onwards { Store, });
map!(EnterRoomError { IdTaken => UserIdTaken, RoomNotFound => RoomForbidden, } onwards { Store, });
map!(RenameGuestError { NotInRoom => RoomForbidden, } onwards { Store, });
map!(ReadMessagesError { RoomNotFound => RoomNotFound, } onwards { Store, });
impl From<AnalyticsError> for Problem {
    fn from(error: AnalyticsError) -> Self {
        match error {
            AnalyticsError::NotAllowed => Self::new(Code::NotAllowed, error.to_string()),
            AnalyticsError::RoomNotFound => Self::new(Code::RoomNotFound, error.to_string()),
            AnalyticsError::BadSpan => {
                let mut fields = Fields::new();
                fields.refuse("to", "out_of_range", error.to_string());
                fields.into()
            }
            AnalyticsError::Store(inner) => inner.into(),
        }
    }
}
map!(SendMessageError { RoomNotFound => RoomNotFound, } onwards { Store, });
map!(ChangeMessageError {
    RoomNotFound => RoomNotFound,
    MessageNotFound => MessageNotFound,
    NotAllowed => NotYours,
} onwards { Store, });
map!(ListMessagesError { RoomNotFound => RoomNotFound, MessageNotFound => MessageNotFound, }
    onwards { Store, });
map!(MarkMessageError { RoomNotFound => RoomNotFound, MessageNotFound => MessageNotFound, }
    onwards { Store, });
map!(ReactError {
    RoomNotFound => RoomNotFound,
    MessageNotFound => MessageNotFound,
    TooManyEmojis => TooManyEmojis,
} onwards { Store, });
map!(ListReactionsError { RoomNotFound => RoomNotFound, MessageNotFound => MessageNotFound, }
    onwards { Store, });
map!(SearchMessagesError { RoomNotFound => RoomNotFound, } onwards { Store, });
map!(StreamError { NotFound => StreamNotFound, NotYours => NotYours, Ended => StreamEnded, } onwards { Store, });
map!(StartStreamError { RoomNotFound => RoomNotFound, TooManyStreams => TooManyStreams, } onwards { Store, });
map!(FinishStreamError { Blank => StreamBlank, } onwards { Stream, });
map!(ListStreamsError { RoomNotFound => RoomNotFound, } onwards { Store, });
map!(ReadEventsError { RoomNotFound => RoomNotFound, } onwards { Store, });
map!(SyncRoomsError { TooManyRooms => InvalidCursor, } onwards { Store, });
map!(ListPresenceError { RoomNotFound => RoomNotFound, } onwards { Store, });
map!(OpenSocketError {
    SessionEnded => SessionEnded,
    RoomForbidden => RoomForbidden,
    TooManyRooms => TooManyRooms,
    NotNamed => InvalidQuery,
} onwards { Store, });
map!(FollowRoomsError { RoomForbidden => RoomForbidden, TooManyRooms => TooManyRooms, } onwards { Store, });
map!(FollowError { TooManyRooms => TooManyRooms, });
map!(TypingError { NotFollowing => NotFollowing, RoomNeeded => RoomIdMissing, });

map!(RegisterError { Draining => GoingAway, Full => TooManySockets, });

impl From<WriteStreamError> for Problem {
    fn from(error: WriteStreamError) -> Self {
        match error {
            WriteStreamError::Misplaced { length } => {
                Self::new(Code::StreamMisplaced, error.to_string()).at(length)
            }
            WriteStreamError::Invalid(rule) => {
                let mut fields = Fields::new();
                fields.refuse("text", rule.code, rule.message);
                fields.into()
            }
            WriteStreamError::Stream(error) => error.into(),
        }
    }
}

impl From<FrameError> for Problem {
    fn from(error: FrameError) -> Self {
        let named = |code: &&Code| code.word() == error.code();
        let code = Code::ALL.iter().find(named);
        Self::new(
            code.copied().unwrap_or(Code::InvalidBody),
            error.to_string(),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_with_a_frame_has_a_code_of_its_own() {
        for (error, code) in [
            (FrameError::Malformed(String::new()), Code::InvalidJson),
            (FrameError::BadReference, Code::InvalidReference),
            (FrameError::UnknownEvent("x".into()), Code::UnknownEvent),
        ] {
            assert_eq!(Problem::from(error).code(), code);
        }
    }
}
