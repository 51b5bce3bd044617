use super::{
    AbortStream, EndLostStreams, FinishStream, ListStreams, Sending, ShowStream, StartStream,
    StopStream, WriteStream,
};
use crate::Ports;

/// What somebody can do about messages that are being written.
#[expect(
    missing_docs,
    reason = "each field is the use case that its type names"
)]
pub struct StreamUseCases {
    pub start: StartStream,
    pub write: WriteStream,
    pub finish: FinishStream,
    pub abort: AbortStream,
    pub stop: StopStream,
    pub show: ShowStream,
    pub list: ListStreams,
    pub end_lost: EndLostStreams,
}

impl StreamUseCases {
    /// Wires each to its ports. An author has `most` streams at once at most.
    pub(crate) fn new(ports: &Ports, most: usize) -> Self {
        let p = ports.clone();
        let sending = Sending {
            streams: p.streams.clone(),
            log: p.log,
            bus: p.bus.clone(),
            clock: p.clock.clone(),
        };
        Self {
            start: StartStream {
                rooms: p.rooms.clone(),
                users: p.users.clone(),
                streams: p.streams.clone(),
                bus: p.bus.clone(),
                clock: p.clock,
                ids: p.ids,
                most,
            },
            write: WriteStream {
                rooms: p.rooms.clone(),
                streams: p.streams.clone(),
                bus: p.bus.clone(),
            },
            finish: FinishStream {
                rooms: p.rooms.clone(),
                messages: p.messages.clone(),
                sending: sending.clone(),
            },
            abort: AbortStream {
                rooms: p.rooms.clone(),
                streams: p.streams.clone(),
                bus: p.bus.clone(),
            },
            stop: StopStream {
                rooms: p.rooms.clone(),
                streams: p.streams.clone(),
                bus: p.bus,
            },
            show: ShowStream {
                rooms: p.rooms.clone(),
                streams: p.streams.clone(),
                messages: p.messages,
            },
            list: ListStreams {
                rooms: p.rooms.clone(),
                streams: p.streams,
            },
            end_lost: EndLostStreams { sending },
        }
    }
}
