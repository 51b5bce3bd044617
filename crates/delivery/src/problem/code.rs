use actix_web::http::StatusCode;

/// Declares the codes: variant, word, status, title.
macro_rules! codes {
    ($($variant:ident $word:literal $status:ident $title:literal;)*) => {
        /// The kinds of problems. The words are a promise to clients: none changes, none goes.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        #[non_exhaustive]
        pub enum Code {
            $(#[doc = $title] $variant,)*
        }

        impl Code {
            /// Every code.
            pub const ALL: &[Self] = &[$(Self::$variant),*];

            /// The stable word.
            #[must_use]
            pub fn word(self) -> &'static str {
                match self { $(Self::$variant => $word,)* }
            }

            /// The status that it is answered with.
            #[must_use]
            pub fn status(self) -> StatusCode {
                match self { $(Self::$variant => StatusCode::$status,)* }
            }

            /// A few words for people.
            #[must_use]
            pub fn title(self) -> &'static str {
                match self { $(Self::$variant => $title,)* }
            }
        }
    };
}

codes! {
    InvalidJson "invalid_json" BAD_REQUEST "The body is not JSON";
    InvalidBody "invalid_body" BAD_REQUEST "The body has the wrong shape";
    InvalidQuery "invalid_query" BAD_REQUEST "The query has the wrong shape";
    InvalidCursor "invalid_cursor" BAD_REQUEST "The cursor is not one of this server";
    InvalidId "invalid_id" BAD_REQUEST "The path holds something that is not an id";
    ValidationFailed "validation_failed" BAD_REQUEST "A field broke a rule";
    InvalidHandshake "invalid_handshake" BAD_REQUEST "Not a WebSocket handshake";
    CreatorIsNotCaller "creator_is_not_caller" BAD_REQUEST "The creator must be the caller";
    SecondOwner "second_owner" BAD_REQUEST "A room has one owner";
    UnknownMember "unknown_member" BAD_REQUEST "A member is not a user";
    GuestsInPrivate "guests_in_private" BAD_REQUEST "Guests can be let into a public room alone";
    TooManyMembers "too_many_members" BAD_REQUEST "Too many members at once";
    DirectRoomWithOneself "direct_room_with_oneself" BAD_REQUEST "A direct room has two users";
    TooManyRooms "too_many_rooms" BAD_REQUEST "Too many rooms for one socket";
    NotFollowing "not_following" FORBIDDEN "The socket does not follow the room";
    RoomIdMissing "room_id_missing" BAD_REQUEST "The room must be named";
    InvalidReference "invalid_reference" BAD_REQUEST "The id of the frame cannot be repeated";
    UnknownEvent "unknown_event" BAD_REQUEST "No such command";
    TokenMissing "token_missing" UNAUTHORIZED "No access token";
    TokenInvalid "token_invalid" UNAUTHORIZED "The access token is not valid";
    TokenExpired "token_expired" UNAUTHORIZED "The access token has expired";
    SessionEnded "session_ended" UNAUTHORIZED "The log-in has ended";
    InvalidCredentials "invalid_credentials" UNAUTHORIZED "Wrong e-mail address or password";
    RefreshTokenInvalid "refresh_token_invalid" UNAUTHORIZED "The refresh token is not valid";
    GuestsNotAllowed "guests_not_allowed" FORBIDDEN "Guests are not let in here";
    CsrfTokenMissing "csrf_token_missing" FORBIDDEN "The CSRF token is missing or wrong";
    OriginNotAllowed "origin_not_allowed" FORBIDDEN "The origin is not allowed";
    RoomForbidden "room_forbidden" FORBIDDEN "Not a room of the caller";
    NotYours "not_yours" FORBIDDEN "It is somebody else's";
    NotCreator "not_creator" FORBIDDEN "Its creator alone may, and an admin of the server where guests may come in";
    NotAllowed "not_allowed" FORBIDDEN "The role in the room does not allow it";
    OwnerStays "owner_stays" FORBIDDEN "The owner cannot leave";
    DirectRoomIsFixed "direct_room_is_fixed" FORBIDDEN "A direct room keeps its members";
    NotFound "not_found" NOT_FOUND "Nothing is here";
    UserNotFound "user_not_found" NOT_FOUND "No such user";
    RoomNotFound "room_not_found" NOT_FOUND "No such room";
    MemberNotFound "member_not_found" NOT_FOUND "No such member";
    MessageNotFound "message_not_found" NOT_FOUND "No such message";
    StreamNotFound "stream_not_found" NOT_FOUND "No such stream";
    MethodNotAllowed "method_not_allowed" METHOD_NOT_ALLOWED "Another method is expected";
    BodyTimeout "body_timeout" REQUEST_TIMEOUT "The body arrived too slowly";
    EmailTaken "email_taken" CONFLICT "The e-mail address is taken";
    UsernameTaken "username_taken" CONFLICT "The user name is taken";
    UserIdTaken "user_id_taken" CONFLICT "The id is somebody else's";
    AlreadyMember "already_member" CONFLICT "A member already";
    TooManyEmojis "too_many_emojis" CONFLICT "The message carries too many different emojis";
    TooManyStreams "too_many_streams" CONFLICT "Too many streams at once";
    StreamMisplaced "stream_misplaced" CONFLICT "What is appended does not follow the text";
    StreamBlank "stream_blank" CONFLICT "The stream says nothing yet";
    StreamEnded "stream_ended" CONFLICT "The stream has ended";
    BodyTooLarge "body_too_large" PAYLOAD_TOO_LARGE "The body is too large";
    UnsupportedMediaType "unsupported_media_type" UNSUPPORTED_MEDIA_TYPE "The body must be JSON";
    RateLimited "rate_limited" TOO_MANY_REQUESTS "Too often";
    Internal "internal" INTERNAL_SERVER_ERROR "A fault of the server";
    Unavailable "unavailable" SERVICE_UNAVAILABLE "The store is away";
    Overloaded "overloaded" SERVICE_UNAVAILABLE "Too much at once";
    GoingAway "going_away" SERVICE_UNAVAILABLE "This node is going away";
    TooManySockets "too_many_sockets" SERVICE_UNAVAILABLE "Too many sockets";
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_word_is_unique_and_fit_for_a_urn() {
        let words: HashSet<_> = Code::ALL.iter().map(|code| code.word()).collect();
        assert_eq!(words.len(), Code::ALL.len());
        assert!(
            words
                .iter()
                .all(|word| word.bytes().all(|b| b.is_ascii_lowercase() || b == b'_'))
        );
    }

    #[test]
    fn every_code_is_an_error() {
        assert!(
            Code::ALL
                .iter()
                .all(|code| code.status().is_client_error() || code.status().is_server_error())
        );
    }
}
