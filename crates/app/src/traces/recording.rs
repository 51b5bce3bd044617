use std::time::Duration;

use anyhow::{Context, Result};
use opentelemetry::{KeyValue, trace::TracerProvider};
use opentelemetry_otlp::{SpanExporter, WithExportConfig};
use opentelemetry_sdk::{
    Resource,
    trace::{Sampler, SdkTracerProvider},
};
use tracing::level_filters::LevelFilter;
use tracing_subscriber::{Layer, Registry, filter::filter_fn};

use super::{is_recorded, joining::Joining};
use crate::{config, system::SystemIds};

/// The way of what is recorded to the collector. What the collector does not take is dropped, and told in the log.
pub struct Recording(Option<SdkTracerProvider>);

/// How long the end of the process may wait for the collector.
const LAST_EXPORT: Duration = Duration::from_secs(2);

impl Recording {
    /// To be called before there is a runtime: the exporter has a client that blocks, and one of its own.
    ///
    /// # Errors
    /// A client that cannot be set up.
    pub fn start(traces: Option<&config::Traces>) -> Result<Self> {
        let Some(traces) = traces else {
            return Ok(Self(None));
        };
        let exporter = SpanExporter::builder()
            .with_http()
            .with_endpoint(&traces.endpoint)
            .build()
            .context("OTLP_ENDPOINT")?;
        let node = domain::ports::IdSource::next(&SystemIds);
        let resource = Resource::builder()
            .with_service_name("chatterstack")
            .with_attribute(KeyValue::new("service.version", env!("CARGO_PKG_VERSION")))
            .with_attribute(KeyValue::new("service.instance.id", node.to_string()))
            .build();
        let of_new_ones = Sampler::TraceIdRatioBased(1.0 / f64::from(traces.one_in));
        let provider = SdkTracerProvider::builder()
            .with_batch_exporter(exporter)
            .with_sampler(Sampler::ParentBased(Box::new(of_new_ones)))
            .with_resource(resource)
            .build();
        delivery::record_traces();
        Ok(Self(Some(provider)))
    }

    /// Records the spans that make up traces.
    pub fn layer(&self) -> Option<Box<dyn Layer<Registry> + Send + Sync>> {
        let tracer = self.0.as_ref()?.tracer("chatterstack");
        let layer = tracing_opentelemetry::layer()
            .with_tracer(tracer)
            .with_location(false)
            .with_threads(false)
            .with_target(false);
        let recorded = filter_fn(is_recorded).with_max_level_hint(LevelFilter::INFO);
        Some(Joining(layer).with_filter(recorded).boxed())
    }

    /// Sends what waits.
    pub fn end(self) {
        let Some(provider) = self.0 else {
            return;
        };
        if let Err(error) = provider.shutdown_with_timeout(LAST_EXPORT) {
            tracing::warn!(%error, "the last traces were not sent");
        }
    }
}
