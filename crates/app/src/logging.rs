//! The log: lines for people on a terminal, JSON otherwise, on standard error. Each event is written at once.

mod trace_id;

use std::io::{self, IsTerminal};

use domain::TRACED;
use tracing::Subscriber;
use tracing_subscriber::{
    EnvFilter, Layer, Registry, fmt,
    fmt::MakeWriter,
    layer::SubscriberExt,
    util::{SubscriberInitExt, TryInitError},
};

use crate::{
    config::{Log, LogFormat, LogLevel},
    traces::Recording,
};

use self::trace_id::WithTraceId;

/// Crates that tell more of their insides than anybody who runs a server wants to know.
const NOISY: &[&str] = &[
    "actix_http",
    "actix_server",
    "actix_web",
    "h2",
    "hyper",
    "hyper_util",
    "mio",
    "opentelemetry",
    "opentelemetry-otlp",
    "opentelemetry_sdk",
    "refinery_core",
    "reqwest",
    "rustls",
    "tokio_postgres",
];

/// A crate that warns of each connection that breaks, which the link to Redis tells once.
const REPEATED: &str = "fred=error";

/// The log was set up before.
#[derive(Debug, thiserror::Error)]
#[error("the log is set up already")]
pub struct AlreadySet(#[from] TryInitError);

/// Sets up the log of this process, and what is recorded of its spans.
///
/// # Errors
/// When it was set up before.
pub fn init(log: &Log, recording: &Recording) -> Result<(), AlreadySet> {
    let terminal = io::stderr().is_terminal();
    let format = log.format.unwrap_or(if terminal {
        LogFormat::Pretty
    } else {
        LogFormat::Json
    });
    // See no-color.org.
    let colour = terminal && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    // Standard error has no buffer: an event is one write.
    subscriber(log.level, format, colour, io::stderr, recording).try_init()?;
    Ok(())
}

fn subscriber<W>(
    level: LogLevel,
    format: LogFormat,
    colour: bool,
    writer: W,
    recording: &Recording,
) -> impl Subscriber + Send + Sync
where
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    let layer: Box<dyn Layer<Registry> + Send + Sync> = match format {
        LogFormat::Pretty => fmt::layer()
            .with_ansi(colour)
            .with_writer(writer)
            .map_event_format(|line| WithTraceId { line, format })
            .boxed(),
        // The list alone: it holds the current span too.
        LogFormat::Json => fmt::layer()
            .json()
            .with_current_span(false)
            .with_span_list(true)
            .with_writer(writer)
            .map_event_format(|line| WithTraceId { line, format })
            .boxed(),
    };
    let mut layers = vec![layer.with_filter(filter(level)).boxed()];
    layers.extend(recording.layer());
    tracing_subscriber::registry().with(layers)
}

fn filter(level: LogLevel) -> EnvFilter {
    let (level, noisy) = match level {
        LogLevel::Debug => ("debug", "warn"),
        LogLevel::Info => ("info", "warn"),
        LogLevel::Warn => ("warn", "warn"),
        LogLevel::Error => ("error", "error"),
    };
    let mut directives = level.to_owned();
    for name in NOISY {
        directives.push_str(&format!(",{name}={noisy}"));
    }
    // A line has the id of its trace, and not the names of the spans on the way.
    directives.push_str(&format!(",{REPEATED},{TRACED}=off"));
    EnvFilter::builder()
        .parse(directives)
        .expect("the directives are made of known words")
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    #[derive(Clone, Default)]
    struct Written(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Written {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn logged(level: LogLevel, format: LogFormat, events: impl FnOnce()) -> String {
        let written = Written::default();
        let writer = written.clone();
        let recording = Recording::start(None).unwrap();
        let subscriber = subscriber(level, format, false, move || writer.clone(), &recording);
        tracing::subscriber::with_default(subscriber, events);
        String::from_utf8(written.0.lock().unwrap().clone()).unwrap()
    }

    #[test]
    fn json_is_one_object_a_line_with_the_fields_of_every_span() {
        let text = logged(LogLevel::Info, LogFormat::Json, || {
            tracing::info_span!("request", request_id = "r-1").in_scope(|| {
                tracing::info_span!("inner").in_scope(|| tracing::info!(port = 8080, "a\nb"));
            });
            tracing::warn!("second");
        });
        let lines: Vec<serde_json::Value> = text
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        assert_eq!(lines.len(), 2);
        assert_eq!(lines[0]["level"], "INFO");
        assert_eq!(lines[0]["fields"]["message"], "a\nb");
        assert_eq!(lines[0]["fields"]["port"], 8080);
        assert_eq!(lines[0]["spans"][0]["request_id"], "r-1");
    }

    #[test]
    fn pretty_lines_have_no_colour_where_none_is_wanted() {
        let text = logged(LogLevel::Info, LogFormat::Pretty, || {
            tracing::info!("listening")
        });
        assert!(
            text.contains("listening") && !text.contains('\u{1b}'),
            "{text}"
        );
    }

    #[test]
    fn the_level_holds_for_our_crates_and_warnings_alone_are_taken_from_noisy_ones() {
        let text = logged(LogLevel::Debug, LogFormat::Json, || {
            tracing::debug!("ours");
            tracing::info!(target: "actix_server::builder", "chatter");
            tracing::warn!(target: "actix_server::builder", "trouble");
        });
        assert!(text.contains("ours") && text.contains("trouble") && !text.contains("chatter"));
        let text = logged(LogLevel::Error, LogFormat::Json, || {
            tracing::warn!("ours");
            tracing::warn!(target: "actix_server::builder", "trouble");
        });
        assert_eq!(text, "");
    }

    #[test]
    fn the_log_of_a_process_is_set_up_once() {
        let log = Log {
            level: LogLevel::Error,
            format: Some(LogFormat::Json),
        };
        let recording = Recording::start(None).unwrap();
        init(&log, &recording).unwrap();
        assert!(init(&log, &recording).is_err());
    }
}
