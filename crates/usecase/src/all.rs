use std::sync::Arc;

use crate::{
    Ports, Settings,
    analytics::AnalyticsUseCases,
    auth::{
        Authenticate, ChangePassword, CreateAdmin, DeactivateAccount, LogIn, LogOut,
        LogOutEverywhere, RefreshSession, RegisterUser, TokenIssue,
    },
    guests::GuestUseCases,
    members::{AddMember, ListMembers, RemoveMember},
    messages::{
        AddReaction, DeleteMessage, EditMessage, ListMessages, ListReactions, MarkMessage,
        RemoveReaction, SearchMessages, SendMessage,
    },
    rooms::{CreateRoom, DeleteRoom, GetRoom, ListRooms, OpenDirectRoom, ReadEvents, SyncRooms},
    sockets::{FollowRooms, ListPresence, OpenSocket, Standing},
    streams::StreamUseCases,
    users::{FindUser, GetUser, SetUserStatus, ShareDrafts},
};

/// Everything that somebody can do, ready to be called by any door.
#[expect(
    missing_docs,
    reason = "each field is the use case that its type names"
)]
pub struct UseCases {
    pub register_user: RegisterUser,
    pub create_admin: CreateAdmin,
    pub log_in: LogIn,
    pub refresh_session: RefreshSession,
    pub log_out: LogOut,
    pub log_out_everywhere: LogOutEverywhere,
    pub change_password: ChangePassword,
    pub deactivate_account: DeactivateAccount,
    pub authenticate: Authenticate,
    pub get_user: GetUser,
    pub find_user: FindUser,
    pub set_user_status: SetUserStatus,
    pub share_drafts: ShareDrafts,
    pub create_room: CreateRoom,
    pub open_direct_room: OpenDirectRoom,
    pub get_room: GetRoom,
    pub list_rooms: ListRooms,
    pub read_events: ReadEvents,
    pub sync_rooms: SyncRooms,
    pub delete_room: DeleteRoom,
    pub list_members: ListMembers,
    pub add_member: AddMember,
    pub remove_member: RemoveMember,
    pub send_message: SendMessage,
    pub list_messages: ListMessages,
    pub edit_message: EditMessage,
    pub delete_message: DeleteMessage,
    pub mark_message: MarkMessage,
    pub add_reaction: AddReaction,
    pub remove_reaction: RemoveReaction,
    pub list_reactions: ListReactions,
    pub search_messages: SearchMessages,
    pub streams: StreamUseCases,
    /// Shared, because guests are seen out after the doors have closed.
    pub guests: Arc<GuestUseCases>,
    pub analytics: AnalyticsUseCases,
    pub open_socket: OpenSocket,
    pub follow_rooms: FollowRooms,
    pub list_presence: ListPresence,
}

impl UseCases {
    /// Wires every use case to its ports.
    #[must_use]
    pub fn new(ports: &Ports, settings: Settings) -> Self {
        let p = ports.clone();
        let standing = Standing {
            rooms: p.rooms.clone(),
            members: p.members.clone(),
            most: settings.resume_max_events,
        };
        let issue = TokenIssue {
            tokens: p.tokens.clone(),
            clock: p.clock.clone(),
            ids: p.ids.clone(),
            randomness: p.randomness.clone(),
            access_ttl: settings.access_ttl,
            refresh_ttl: settings.refresh_ttl,
        };
        let register_user = RegisterUser {
            users: p.users.clone(),
            passwords: p.passwords.clone(),
            clock: p.clock.clone(),
            ids: p.ids.clone(),
        };
        Self {
            create_admin: CreateAdmin {
                users: p.users.clone(),
                register: register_user.clone(),
                bus: p.bus.clone(),
                clock: p.clock.clone(),
            },
            register_user,
            log_in: LogIn {
                users: p.users.clone(),
                sessions: p.sessions.clone(),
                passwords: p.passwords.clone(),
                issue: issue.clone(),
            },
            refresh_session: RefreshSession {
                users: p.users.clone(),
                sessions: p.sessions.clone(),
                bus: p.bus.clone(),
                issue,
            },
            log_out: LogOut {
                sessions: p.sessions.clone(),
                bus: p.bus.clone(),
                clock: p.clock.clone(),
            },
            log_out_everywhere: LogOutEverywhere {
                users: p.users.clone(),
                bus: p.bus.clone(),
                clock: p.clock.clone(),
            },
            change_password: ChangePassword {
                users: p.users.clone(),
                passwords: p.passwords.clone(),
                bus: p.bus.clone(),
                clock: p.clock.clone(),
            },
            deactivate_account: DeactivateAccount {
                users: p.users.clone(),
                passwords: p.passwords,
                bus: p.bus.clone(),
                clock: p.clock.clone(),
            },
            authenticate: Authenticate {
                tokens: p.tokens,
                sessions: p.sessions.clone(),
                clock: p.clock.clone(),
            },
            get_user: GetUser {
                users: p.users.clone(),
            },
            find_user: FindUser {
                users: p.users.clone(),
            },
            set_user_status: SetUserStatus {
                users: p.users.clone(),
                bus: p.bus.clone(),
                clock: p.clock.clone(),
            },
            share_drafts: ShareDrafts {
                users: p.users.clone(),
                streams: p.streams.clone(),
                bus: p.bus.clone(),
                clock: p.clock.clone(),
            },
            create_room: CreateRoom {
                rooms: p.rooms.clone(),
                bus: p.bus.clone(),
                clock: p.clock.clone(),
                ids: p.ids.clone(),
            },
            open_direct_room: OpenDirectRoom {
                rooms: p.rooms.clone(),
                bus: p.bus.clone(),
                clock: p.clock.clone(),
                ids: p.ids.clone(),
            },
            get_room: GetRoom {
                rooms: p.rooms.clone(),
            },
            list_rooms: ListRooms {
                rooms: p.rooms.clone(),
            },
            read_events: ReadEvents {
                rooms: p.rooms.clone(),
                log: p.log.clone(),
                max_bytes: settings.sync_max_bytes,
            },
            sync_rooms: SyncRooms {
                rooms: p.rooms.clone(),
                log: p.log.clone(),
                standing: standing.clone(),
                max_events: settings.sync_max_events,
                max_bytes: settings.sync_max_bytes,
                max_rooms: settings.sync_max_rooms,
            },
            delete_room: DeleteRoom {
                rooms: p.rooms.clone(),
                users: p.users.clone(),
                streams: p.streams.clone(),
                bus: p.bus.clone(),
                clock: p.clock.clone(),
            },
            list_members: ListMembers {
                rooms: p.rooms.clone(),
                users: p.users.clone(),
                members: p.members.clone(),
            },
            add_member: AddMember {
                rooms: p.rooms.clone(),
                users: p.users.clone(),
                members: p.members.clone(),
                bus: p.bus.clone(),
                clock: p.clock.clone(),
            },
            remove_member: RemoveMember {
                rooms: p.rooms.clone(),
                users: p.users.clone(),
                members: p.members.clone(),
                streams: p.streams,
                bus: p.bus.clone(),
                clock: p.clock.clone(),
            },
            send_message: SendMessage {
                log: p.log.clone(),
                bus: p.bus.clone(),
                clock: p.clock.clone(),
                ids: p.ids,
            },
            list_messages: ListMessages {
                rooms: p.rooms.clone(),
                users: p.users.clone(),
                messages: p.messages.clone(),
            },
            edit_message: EditMessage {
                rooms: p.rooms.clone(),
                log: p.log.clone(),
                bus: p.bus.clone(),
                clock: p.clock.clone(),
            },
            delete_message: DeleteMessage {
                rooms: p.rooms.clone(),
                users: p.users.clone(),
                log: p.log.clone(),
                bus: p.bus.clone(),
                clock: p.clock.clone(),
            },
            add_reaction: AddReaction {
                rooms: p.rooms.clone(),
                log: p.log.clone(),
                bus: p.bus.clone(),
                clock: p.clock.clone(),
            },
            remove_reaction: RemoveReaction {
                rooms: p.rooms.clone(),
                log: p.log,
                bus: p.bus.clone(),
                clock: p.clock,
            },
            list_reactions: ListReactions {
                rooms: p.rooms.clone(),
                messages: p.messages.clone(),
            },
            mark_message: MarkMessage {
                rooms: p.rooms.clone(),
                messages: p.messages.clone(),
                bus: p.bus,
            },
            search_messages: SearchMessages {
                rooms: p.rooms.clone(),
                messages: p.messages,
            },
            streams: StreamUseCases::new(ports, settings.streams_per_user),
            guests: Arc::new(GuestUseCases::new(ports)),
            analytics: AnalyticsUseCases::new(ports),
            open_socket: OpenSocket {
                sessions: p.sessions,
                standing: standing.clone(),
                rooms_per_socket: settings.rooms_per_socket,
            },
            follow_rooms: FollowRooms {
                rooms: p.rooms.clone(),
                standing,
                rooms_per_socket: settings.rooms_per_socket,
            },
            list_presence: ListPresence {
                rooms: p.rooms,
                members: p.members,
                presence: p.presence,
            },
        }
    }
}
